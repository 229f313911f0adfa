"""Authorship: who reads a request and writes its files, a language model or the templates."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from bot.authors.kept_answers import KeptAnswers
from bot.authors.model import LanguageModelAuthor
from bot.authors.template_author import TemplateAuthor, has_templates
from bot.draft import answers_of, ask_for_draft
from bot.errors import Infrastructure
from bot.evidence import Stage
from bot.free_text import extract
from bot.goal import Task
from bot.issue_form import Field
from bot.llm.language_model import Tier, Unusable, Usage
from bot.llm.ledger import Account
from bot.llm.opening import open_model
from bot.llm.server import find_server, with_environment
from bot.llm.settings import Settings, Tiers, find_settings, read_settings
from bot.pipeline import Authors
from bot.progress import Progress
from bot.proposal import Asked
from bot.questions import Asker
from bot.rendering.spent import spent
from bot.request import Request
from bot.sandbox.choose import choose
from bot.sandbox.job import Origin, Sandbox
from bot.workspace import write_atomically
from hardware_runner.board import Board

WITHOUT_MODEL = (
    "no language model is set up, so the template author reads the request and writes every file; "
    "to let a model do it, set OPENAI_API_KEY, or BOARDWRIGHT_LLM_BASE_URL for any compatible "
    "server, such as http://127.0.0.1:11434/v1 for Ollama"
)


class Writer(Enum):
    """Who shall write, as the command line names it."""

    LLM = "llm"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person at the command line asks for.

    Attributes:
        writer: None: a model where one is set up, else the templates.
        budget_usd: for this request; None: what `boardwright.toml` says.
        max_repairs: of one stage; None likewise.
        record: a folder that each exchange with a model is kept in.
        replay: a folder that every answer is taken from.
        model: the model for every tier; None: what `boardwright.toml` says.
    """

    writer: Writer | None = None
    budget_usd: float | None = None
    max_repairs: int | None = None
    record: Path | None = None
    replay: Path | None = None
    model: str | None = None


@dataclass(slots=True)
class Authorship:
    """Who reads and writes in one run, and what models were asked so far.

    Attributes:
        model: answers, and keeps its answers; None where templates write.
        name: the models' names, for people.
    """

    settings: Settings
    model: KeptAnswers | None
    name: str
    progress: Progress
    asked: list[Asked] = field(default_factory=list)

    def read(
        self, request: Request, boards: Mapping[str, Board], asker: Asker
    ) -> Mapping[Field, str]:
        """Return what a free text says: as the model reads it, else by rule."""
        if self.model is None:
            return extract(request, boards, asker)
        try:
            answer = ask_for_draft(self.model, request, boards)
        except Unusable as error:
            usage = (error.usage,) if error.usage else ()
            self._note(Asked("understand", 1, self.name, usage, (str(error)[:300],)))
            self.progress.note("the model's reading cannot be used; the request is read by rule")
            return extract(request, boards, asker)
        self._note(Asked("understand", 1, answer.usage.model, (answer.usage,)))
        return answers_of(answer.value, request, boards, asker)

    def authors(self, task: Task) -> Authors:
        """Return who writes a project, and who steps in."""
        template = TemplateAuthor(task) if has_templates(task) else None
        if self.model is None:
            return Authors(template or TemplateAuthor(task))
        tiers = {stage: self.settings.tier_of(stage) for stage in Stage}
        return Authors(
            LanguageModelAuthor(self.model, self.name, tiers),
            fallback=template,
            max_repairs=self.settings.budget.max_repairs,
            candidates=self.settings.llm.firmware_candidates,
        )

    def sandbox(self) -> Sandbox:
        """Return where what they write runs.

        Raises:
            NeedsSandboxError: a model writes, and this machine has nothing that isolates its code.
        """
        return choose(Origin.TEMPLATE if self.model is None else Origin.LANGUAGE_MODEL)

    def _note(self, asked: Asked) -> None:
        self.asked.append(asked)
        self.progress.note(f"{asked.purpose}: {spent(asked)}")


def settle(
    wishes: Wishes,
    starts: tuple[Path, ...],
    workdir: Path,
    progress: Progress,
    check: Callable[[], None],
) -> Authorship:
    """Find out who writes.

    Args:
        wishes: of the person at the command line.
        starts: folders in which, or above which, `boardwright.toml` is looked for.
        workdir: of this request: what a model answers is kept there before it is used.
        progress: is told who writes.
        check: raises where nothing may be written below `workdir`.

    Raises:
        Infrastructure: a model is wanted and none is set up, or the settings cannot be read.
    """
    if wishes.writer is Writer.TEMPLATE:
        return Authorship(Settings(), None, "", progress)
    settings = _with(wishes, with_environment(read_settings(find_settings(*starts))))
    return settle_with(settings, wishes, workdir, progress, check)


def settle_with(
    settings: Settings,
    wishes: Wishes,
    workdir: Path,
    progress: Progress,
    check: Callable[[], None] = lambda: None,
    account: Account | None = None,
    used: Callable[[Usage], None] = lambda usage: None,
    without: str = WITHOUT_MODEL,
) -> Authorship:
    """Find out who writes under settings that are known.

    Args:
        settings: with the names of models that the environment says.
        wishes, workdir, progress, check: as in `settle`.
        account: who pays; None: whoever runs this process.
        used: is told what each answer of a model took.
        without: what is noted where no model is set up.

    Raises:
        Infrastructure: a model is wanted and none is set up.
    """
    if wishes.replay is None and find_server(settings) is None:
        if wishes.writer is Writer.LLM:
            raise Infrastructure(
                "A language model shall write, but none is set up: neither OPENAI_API_KEY nor "
                "BOARDWRIGHT_LLM_BASE_URL is set. With --author template no model is needed.",
                "export OPENAI_API_KEY=...",
            )
        progress.note(without)
        return Authorship(settings, None, "", progress)
    check()
    account = account or account_of(workdir)
    opened = open_model(settings, account, record=wishes.record, replay=wishes.replay)
    if opened is None:
        raise Infrastructure("The language model that was set up is gone; start again.")
    name = " and ".join(dict.fromkeys(settings.model_of(tier) for tier in Tier))
    if wishes.replay is not None:
        name = f"the recording in {wishes.replay.name}"
    progress.note(f"written by {name}; the checks decide what is taken")
    answers = KeptAnswers(opened, name, workdir / "answers", used)
    return Authorship(settings, answers, name, progress)


def account_of(workdir: Path) -> Account:
    """Return who pays for a run with all its interruptions: its number outlives the process."""
    path = workdir / "run-id"
    if not path.is_file():
        write_atomically(path, uuid.uuid4().hex.encode())
    return Account(path.read_text(), os.environ.get("USER", ""))


def _with(wishes: Wishes, settings: Settings) -> Settings:
    changes: dict[str, object] = {}
    if wishes.budget_usd is not None:
        changes["per_request_usd"] = wishes.budget_usd
    if wishes.max_repairs is not None:
        changes["max_repairs"] = wishes.max_repairs
    llm = settings.llm
    if wishes.model is not None:
        tiers = Tiers(cheap=wishes.model, strong=wishes.model)
        llm = llm.model_copy(update={"tiers": tiers})
    budget = settings.budget.model_copy(update=changes)
    return settings.model_copy(update={"budget": budget, "llm": llm})
