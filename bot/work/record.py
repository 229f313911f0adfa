"""The record of what was published: who wrote which file, and so what a person changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from bot.authors.author import Written
from bot.errors import RequestError
from bot.evidence import Stage
from bot.frozen import Frozen
from bot.proposal import Proposal
from bot.sandbox.job import Origin
from bot.workspace import AUTHORED_PATHS, write_atomically

RECORD = "published.json"
ON_BRANCH = "a person, on the branch"
_TEMPLATE = "template: "


class _File(Frozen):
    sha256: str
    author: str


class Record(Frozen):
    """What is remembered of a publication.

    Attributes:
        files: authored ones, by path.
        network: name of the network's size.
        networks: how many the held-out set has judged.
    """

    files: Mapping[str, _File] = {}
    network: str = ""
    networks: int = 1


def remember(workdir: Path, proposal: Proposal) -> None:
    """Keep what the next revision must know of a proposal."""
    judged = next((e.value for e in proposal.evidence if e.check == "train.networks"), 1)
    record = Record(
        files={
            file.path: _File(sha256=_sha256(proposal.files[file.path]), author=file.author)
            for file in proposal.authored
            if file.path in proposal.files
        },
        network=proposal.network,
        networks=judged if isinstance(judged, int) else 1,
    )
    write_atomically(workdir / RECORD, record.model_dump_json(indent=1).encode())


def recall(workdir: Path) -> Record:
    """Return what is remembered; nothing where the job's folder was lost."""
    try:
        return Record.model_validate_json((workdir / RECORD).read_bytes())
    except (OSError, ValidationError):
        return Record()


def standing_files(record: Record, files: Mapping[str, bytes]) -> dict[Stage, Written]:
    """Return the stages' files as they stand on a branch, with who wrote them.

    A file that is not the one that was published is a person's; so is all of its stage.

    Raises:
        RequestError: a file is no text.
    """
    found: dict[Stage, Written] = {}
    for stage, paths in AUTHORED_PATHS.items():
        if not all(path in files for path in paths):
            continue
        texts = {path: _text(path, files[path]) for path in paths}
        known = [record.files.get(path) for path in paths]
        same = all(
            one is not None and one.sha256 == _sha256(files[path])
            for one, path in zip(known, paths, strict=True)
        )
        author = known[0].author if same and known[0] is not None else ON_BRANCH
        found[stage] = Written(texts, author, _origin(author))
    return found


def _origin(author: str) -> Origin:
    if author == ON_BRANCH:
        return Origin.PERSON
    return Origin.TEMPLATE if author.startswith(_TEMPLATE) else Origin.LANGUAGE_MODEL


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise RequestError(
            f"`{path}` on the branch is not UTF-8 text.", "Save it as UTF-8 and push it."
        ) from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
