"""Revising: follow the remarks of one review on the files as they stand on the branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot import doctor
from bot.errors import RequestError
from bot.pipeline import Authors
from bot.questions import Questions
from bot.revision import Revised, revise_stages
from bot.sandbox.choose import choose
from bot.sandbox.job import Origin
from bot.standing import Standing
from bot.understand import Understood
from bot.work.answering import answered
from bot.work.build import published
from bot.work.desk import WORKDIR, Begun, asking, begin
from bot.work.job import REVISION, Revision
from bot.work.outcome import Asking, Built
from bot.work.record import recall, standing_files
from bot.work.remarks import GENERATED_FOLDERS, GENERATED_PATHS, Sorted, sort_remarks
from bot.work.telling import Teller
from hardware_runner.boards import BOARDS

BRANCH_FILES = "revision"
FILE_MAX_BYTES = 10 * 1024 * 1024


def revise(folder: Path, teller: Teller) -> Asking | Built:
    """Follow a review, check what came of it, and leave it in `publication/`.

    Without remarks, the branch is checked as it stands.

    Raises:
        RequestError, Infrastructure: what the rooms raise.
    """
    revision = Revision.model_validate_json((folder / REVISION).read_bytes())
    begun = begin(folder, teller)
    if isinstance(begun.understood, Questions):
        return asking(begun.understood)
    doctor.require([BOARDS[name] for name in begun.understood.goal.boards])
    branch = _branch_files(folder / BRANCH_FILES)
    remarks = sort_remarks(revision.remarks, begun.authorship.model)
    revised = _revised(begun, begun.understood, folder, teller, branch, remarks, revision)
    for path in _put_back(revised, branch):
        teller.note(f"{path} was changed on the branch; it is written from the request again")
    own = _own_files(revised, branch)
    proposal = replace(revised.proposal, files={**own, **revised.proposal.files})
    answers = answered(revision.remarks, remarks, revised)
    return published(folder, begun.wanted, proposal, answers)


def _revised(
    begun: Begun,
    understood: Understood,
    folder: Path,
    teller: Teller,
    branch: Mapping[str, bytes],
    remarks: Sorted,
    revision: Revision,
) -> Revised:
    record = recall(folder / WORKDIR)
    files = standing_files(record, branch)
    foreign = any(written.origin is not Origin.TEMPLATE for written in files.values())
    sandbox = choose(Origin.PERSON) if foreign else begun.authorship.sandbox()
    authors: Authors = begun.authorship.authors(understood.goal.task)
    wanting = remarks.wanting(revision.remarks)
    return revise_stages(
        understood.goal,
        understood.records,
        Standing(files, wanting, record.network, record.networks, remarks.size),
        workdir=folder / WORKDIR,
        authors=authors,
        progress=teller,
        sandbox=sandbox,
        asked=begun.authorship.asked,
        size=begun.wanted.size,
    )


def _branch_files(folder: Path) -> dict[str, bytes]:
    """Return the plain files below a folder by path."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        if path.stat().st_size > FILE_MAX_BYTES:
            raise RequestError(
                f"`{name}` on the branch is larger than {FILE_MAX_BYTES >> 20} MB.", "Remove it."
            )
        found[name] = path.read_bytes()
    return found


def _put_back(revised: Revised, branch: Mapping[str, bytes]) -> list[str]:
    """Return the protected files that a person changed on the branch."""
    return [p for p, content in revised.replaced.items() if branch.get(p, content) != content]


def _own_files(revised: Revised, branch: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what people added to the project's folder beside the files that it consists of."""
    known = {*GENERATED_PATHS, *revised.proposal.files}
    return {
        path: content
        for path, content in branch.items()
        if path not in known and not path.startswith(GENERATED_FOLDERS)
    }
