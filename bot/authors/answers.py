"""Answers: what a language model is asked to return, and how its texts become files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from bot.authors.author import Failure
from bot.evidence import Stage
from bot.request import visible

FILE_MAX_CHARACTERS = 40_000  # ten times the longest of our own; a reader would give up before
NOTES_MAX_CHARACTERS = 600

_FENCED = re.compile(r"\s*(`{3,}|~{3,})[\w+.-]*[ \t]*\n(?P<inside>.*?)\n?\1\s*", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"(?im)^[ \t]*(?:#|//|/\*|\.\.\.)[ \t.]*(?:rest of|remaining|unchanged|same as before|"
    r"existing code|your code here|as above)\b[^\n]*$"
)


@cache
def answer_type(stage: Stage, paths: tuple[str, ...]) -> type[BaseModel]:
    """Return the type of an answer that holds the files of `paths`, and nothing else.

    Each file is a field, `features_c` for 'features.c', so that no other path can be written.
    """
    fields: dict[str, Any] = {
        field_name(path): (str, Field(description=f"the whole text of {path}, not a part of it"))
        for path in paths
    }
    fields["notes"] = (str, Field(description="one or two sentences for the reviewer"))
    name = f"{stage.value.capitalize()}Files{len(paths)}"
    config = ConfigDict(extra="forbid", frozen=True)
    return create_model(name, __config__=config, **fields)


def field_name(path: str) -> str:
    """Return the field of an answer that holds a file."""
    return re.sub(r"\W", "_", path)


def files_of(answer: BaseModel, paths: Sequence[str]) -> dict[str, str]:
    """Return the files of an answer, without the Markdown fence that some models put around."""
    return {path: _bare(getattr(answer, field_name(path))) for path in paths}


def notes_of(answer: BaseModel) -> str:
    """Return what the model says about its files, as one bounded line."""
    text = visible(str(getattr(answer, "notes", "")))
    return " ".join(text.split())[:NOTES_MAX_CHARACTERS]


def unusable_texts(files: Mapping[str, str]) -> tuple[Failure, ...]:
    """Return what keeps texts from being the files they are said to be."""
    return tuple(
        Failure(
            check="answer.file",
            claim=f"{path} is a whole text",
            detail=f"{problem} Return the whole text of {path} in the field {field_name(path)}.",
        )
        for path, text in files.items()
        if (problem := _problem(text))
    )


def _problem(text: str) -> str:
    if not text.strip():
        return "The field is empty: saying that a file was written does not write it."
    if len(text) > FILE_MAX_CHARACTERS:
        return f"It has {len(text):,} characters; {FILE_MAX_CHARACTERS:,} are allowed."
    if found := _PLACEHOLDER.search(text):
        return f"It leaves a part out: {found[0].strip()[:80]}."
    return ""


def _bare(text: str) -> str:
    text = text.replace("\r\n", "\n").encode("utf-8", "replace").decode()
    if match := _FENCED.fullmatch(text):
        text = match["inside"]
    return text.strip("\n") + "\n" if text.strip() else ""
