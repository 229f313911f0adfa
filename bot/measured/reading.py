"""Reading: an artifact that says what a bench measured; nothing in it is believed without a look.

The bytes come from a workflow run, so that a mistake or malice may have made any of them. What is
not refused is of bounded size, finite, and safe to compare; texts in it are still to be escaped.
Accuracy is not in it at all: it is computed from the scores.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from dataclasses import dataclass

from pydantic import ValidationError

from bot.measured.plausible import PROJECT, doubt
from hardware_runner.results import RESULTS_FILE, Results

ARTIFACT_MAX_BYTES = 16 * 1024 * 1024
_JSON_MAX_BYTES = 16 * 1024 * 1024
_TOTAL_MAX_BYTES = 64 * 1024 * 1024
_ENTRIES_MAX = 80
_RATIO_MAX, _RATIO_FROM_BYTES = 200, 4 * 1024 * 1024
_ROWS_MAX, _NUMBERS_MAX = 400_000, 6_000_000

# Beside the results a bench leaves logs, which nobody reads here: plain names, one folder deep.
_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,59}/)?[a-z0-9][a-z0-9_-]{0,59}\.(json|log|txt)")
_DIRECTORY_RECORD = b"PK\x01\x02"
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class ArtifactRefused(Exception):
    """An artifact is not what a bench of ours leaves; `line` is one safe line that says why."""

    def __init__(self, line: str) -> None:
        super().__init__(line)

    @property
    def line(self) -> str:
        """Return why, as one line of plain ASCII that holds nothing of the artifact's own text."""
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Expected:
    """What an artifact must be about; None where anything will do."""

    commit: str | None = None
    project: str | None = None


def read_artifact(content: bytes, expected: Expected | None = None) -> Results:
    """Read the results in the zip file of an artifact.

    Raises:
        ArtifactRefused: whatever is wrong with it.
    """
    try:
        text = _unpacked(content)
    except ArtifactRefused:
        raise
    except Exception as error:  # zipfile raises a dozen kinds for what is no zip file
        raise ArtifactRefused(f"The zip file is damaged ({type(error).__name__}).") from None
    return read_results(text, expected)


def read_results(text: bytes, expected: Expected | None = None) -> Results:
    """Read results from JSON.

    Raises:
        ArtifactRefused: whatever is wrong with it.
    """
    try:
        results = _parsed(text)
        reason = doubt(results) or _other(results, expected or Expected())
    except ArtifactRefused:
        raise
    except ValidationError as error:
        raise ArtifactRefused(_first(error)) from None
    except Exception as error:
        raise ArtifactRefused(f"{RESULTS_FILE} cannot be read ({type(error).__name__}).") from None
    if reason:
        raise ArtifactRefused(reason)
    return results


def _unpacked(content: bytes) -> bytes:
    """Return the file of results, the only one that is unpacked."""
    if len(content) > ARTIFACT_MAX_BYTES:
        raise ArtifactRefused(f"The artifact is larger than {ARTIFACT_MAX_BYTES >> 20} MB.")
    if content.count(_DIRECTORY_RECORD) > _ENTRIES_MAX:
        raise ArtifactRefused(f"The zip file holds more than {_ENTRIES_MAX} files.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        for entry in entries:
            _look_at(entry)
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            raise ArtifactRefused("The zip file holds two files of one name.")
        if sum(entry.file_size for entry in entries) > _TOTAL_MAX_BYTES:
            raise ArtifactRefused(f"The zip file unpacks to more than {_TOTAL_MAX_BYTES >> 20} MB.")
        if RESULTS_FILE not in names:
            raise ArtifactRefused(f"There is no {RESULTS_FILE} in the artifact.")
        with archive.open(RESULTS_FILE) as file:
            text = file.read(_JSON_MAX_BYTES + 1)
    if len(text) > _JSON_MAX_BYTES:
        raise ArtifactRefused(f"{RESULTS_FILE} unpacks to more than {_JSON_MAX_BYTES >> 20} MB.")
    return text


def _look_at(entry: zipfile.ZipInfo) -> None:
    """Refuse an entry by what the directory says of it."""
    if not _NAME.fullmatch(entry.filename):
        raise ArtifactRefused("The zip file holds a path that no bench writes.")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ArtifactRefused("The zip file holds a link, or something else that is no file.")
    if entry.flag_bits & _ENCRYPTED:
        raise ArtifactRefused("The zip file is encrypted.")
    if entry.compress_type not in _COMPRESSIONS:
        raise ArtifactRefused("The zip file is compressed in a way that no bench uses.")
    if entry.filename == RESULTS_FILE and entry.file_size > _JSON_MAX_BYTES:
        raise ArtifactRefused(f"{RESULTS_FILE} is larger than {_JSON_MAX_BYTES >> 20} MB.")
    packed = max(1, entry.compress_size)
    if entry.file_size > _RATIO_FROM_BYTES and entry.file_size / packed > _RATIO_MAX:
        raise ArtifactRefused("The zip file unpacks to far more than it holds: a bomb.")


def _parsed(text: bytes) -> Results:
    """Parse JSON whose size is known to be harmless; depth is bounded by the parser, at 200."""
    if len(text) > _JSON_MAX_BYTES:
        raise ArtifactRefused(f"{RESULTS_FILE} is larger than {_JSON_MAX_BYTES >> 20} MB.")
    if text.count(b"[") > _ROWS_MAX or text.count(b",") > _NUMBERS_MAX:
        raise ArtifactRefused(f"{RESULTS_FILE} holds more rows than any test set has.")
    return Results.model_validate_json(text, strict=True)


def _other(results: Results, expected: Expected) -> str:
    if expected.commit is not None and results.commit != expected.commit:
        return f"The results are of commit {results.commit[:10]}, not {expected.commit[:10]}."
    if expected.project is not None and results.project != expected.project:
        safe = results.project if PROJECT.fullmatch(results.project) else "?"
        return f"The results are of the project {safe}, not {expected.project}."
    return ""


def _first(error: ValidationError) -> str:
    """Return the first thing that does not fit; the place may hold names that others chose."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return f"{RESULTS_FILE} is no JSON."
    if first["loc"] == ("schema_version",):
        return f"{RESULTS_FILE} is of a version that is not known here."
    known = (part for part in first["loc"] if isinstance(part, int) or part in _FIELDS)
    place = ".".join(str(part) for part in known) or "the whole"
    return f"{RESULTS_FILE} does not fit its schema at {place}: {first['type']}."


def _fields() -> frozenset[str]:
    """Return the names of all fields that results and what is in them have."""
    definitions = Results.model_json_schema().get("$defs", {}).values()
    named = (part.get("properties", {}) for part in definitions)
    return frozenset((*Results.model_fields, *(name for part in named for name in part)))


_FIELDS = _fields()
