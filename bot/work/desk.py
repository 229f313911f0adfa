"""What every piece of work begins with: the request, who writes, and what that may cost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.authorship import Authorship, Wishes, settle_with
from bot.llm.ledger import Account
from bot.llm.settings import Settings
from bot.questions import Questions
from bot.understand import Understood
from bot.work.bounds import bounded, refused, settings_of_job
from bot.work.job import Wanted
from bot.work.outcome import Asking
from bot.work.request import read_wanted, understand_wanted
from bot.work.telling import Teller

WORKDIR = "work"
ASKING = "asking.md.jinja"
WITHOUT_MODEL = "no language model is set up here: the templates write every file"


@dataclass(frozen=True, slots=True)
class Begun:
    """A piece of work that has begun.

    Attributes:
        understood: the goal with its records, or what must be asked first.
    """

    wanted: Wanted
    settings: Settings
    authorship: Authorship
    understood: Understood | Questions


def begin(folder: Path, teller: Teller) -> Begun:
    """Read what is wanted, find out who writes, and understand the request.

    Raises:
        RequestError, Infrastructure: what the rooms raise.
    """
    wanted = read_wanted(folder)
    service, repository = settings_of_job(folder)
    settings = bounded(service, repository)
    for line in refused(service, repository):
        teller.note(line)
    authorship = settle_with(
        settings,
        Wishes(),
        folder / WORKDIR,
        teller,
        account=Account(wanted.run, wanted.person),
        used=teller.used,
        without=WITHOUT_MODEL,
    )
    hosts = settings.data.allowed_hosts
    understood = understand_wanted(wanted, folder, authorship.read, hosts)
    return Begun(wanted, settings, authorship, understood)


def asking(questions: Questions) -> Asking:
    """Return what is posted where questions must be answered first."""
    return Asking(text=questions.markdown(ASKING))
