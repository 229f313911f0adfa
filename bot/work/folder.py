"""The folder of a job: what the working process leaves there, each thing whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.forge.folder import replace_folder, sweep
from bot.rendering.publication import Publication
from bot.rendering.text import file_name
from bot.work.outcome import OUTCOME, OUTCOME_FILE, PUBLICATION, Outcome
from bot.workspace import write_atomically

PROJECT_FILES = "files"
TITLE, BODY, STATUS, COMMENTS = "title.txt", "body.md", "status.md", "comments"


def forget_outcome(folder: Path) -> None:
    """Remove what came of the work before, so that it is not taken for what comes now."""
    (folder / OUTCOME).unlink(missing_ok=True)


def leave_outcome(folder: Path, outcome: Outcome) -> None:
    """Write what came of the work."""
    write_atomically(folder / OUTCOME, OUTCOME_FILE.dump_json(outcome, indent=1))


def read_outcome(folder: Path) -> Outcome:
    """Return what came of the work.

    Raises:
        OSError, pydantic.ValidationError: there is none that can be read.
    """
    return OUTCOME_FILE.validate_json((folder / OUTCOME).read_bytes())


def leave_publication(folder: Path, publication: Publication) -> None:
    """Replace `publication/` in one step; `folder` is held by one process."""
    sweep(folder)
    replace_folder(folder, PUBLICATION, _laid_out(publication))


def _laid_out(publication: Publication) -> Mapping[str, bytes]:
    texts = {
        TITLE: publication.title,
        BODY: publication.body,
        STATUS: publication.status,
        **{f"{COMMENTS}/{file_name(c.board)}.md": c.text for c in publication.comments},
    }
    return {
        **{path: text.encode() for path, text in texts.items()},
        **{f"{PROJECT_FILES}/{path}": content for path, content in publication.files.items()},
    }
