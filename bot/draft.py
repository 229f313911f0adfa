"""Draft: a language model's reading of a free text, of which only what the text bears is kept.

Each statement comes with the words that it rests on. Where these do not stand in the request, or do
not bear the statement, it is dropped, and a person is asked instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field

from bot import quantities
from bot.authors.prompts import prompt_text, render
from bot.board_names import boards_in_text, find_board, squeeze
from bot.frozen import Frozen
from bot.goal import Task
from bot.issue_form import Field as FormField
from bot.limits import EXAMPLES
from bot.llm.language_model import Answer, LanguageModel, Prompt, Tier
from bot.questions import Asker
from bot.rendering.text import code
from bot.request import Request
from bot.sources.bundled import BUNDLES
from hardware_runner.board import Board

QUOTE_MIN_CHARACTERS = 3
NO_LIMIT = "no limit"
_NUMBER = re.compile(quantities.NUMBER)
_PART = re.compile(r"[A-Za-z]+-?\d[A-Za-z0-9-]{2,}")  # 'F405', 'AN386', 'STM32F405': names of parts


class Said(Frozen):
    """One statement of a request, and the words that it rests on."""

    value: str = Field(description="short, in the words and units of the text")
    quote: str = Field(description="the words of the request that say it, letter by letter")


class Draft(Frozen):
    """What a request says; null where it says nothing."""

    task: Said | None
    data: Said | None
    label_column: Said | None
    labels: Said | None
    raw_sample: Said | None
    boards: list[Said]
    accuracy: Said | None
    latency: Said | None
    flash: Said | None
    ram: Said | None


_SINGLE: Mapping[FormField, str] = {
    FormField.TASK: "task",
    FormField.DATA: "data",
    FormField.LABEL_COLUMN: "label_column",
    FormField.LABELS: "labels",
    FormField.RAW_SAMPLE: "raw_sample",
    FormField.ACCURACY: "accuracy",
    FormField.LATENCY: "latency",
    FormField.FLASH: "flash",
    FormField.RAM: "ram",
}
_LIMITS = (FormField.ACCURACY, FormField.LATENCY, FormField.FLASH, FormField.RAM)
# Asked anyway where they are missing; the others would silently stay open.
_ASKED_ANYWAY = (FormField.DATA, FormField.BOARDS, FormField.ACCURACY)
# The data tell these themselves, or lead to a question of their own.
_DATA_TELL = (FormField.TASK, FormField.LABEL_COLUMN, FormField.LABELS, FormField.RAW_SAMPLE)


def ask_for_draft(
    model: LanguageModel, request: Request, boards: Mapping[str, Board]
) -> Answer[Draft]:
    """Let a model read a request.

    Raises:
        LanguageModelError: it gave nothing to use.
    """
    return model.ask(
        Prompt(
            purpose="understand",
            system=prompt_text("understand"),
            user=render(
                "understand_user.md.jinja",
                {
                    "tasks": [task.value for task in Task],
                    "bundles": [f"sklearn:{name}" for name in BUNDLES],
                    "boards": list(boards.values()),
                    "text": _text(request),
                },
            ),
            tier=Tier.CHEAP,
            max_output_tokens=6_000,
        ),
        Draft,
    )


def answers_of(
    draft: Draft, request: Request, boards: Mapping[str, Board], asker: Asker
) -> Mapping[FormField, str]:
    """Return, by field of the form, what of a draft the request bears; ask about the rest."""
    text = _text(request)
    found: dict[FormField, str] = {FormField.GOAL: request.body.strip() or request.title}
    for field, name in _SINGLE.items():
        said: Said | None = getattr(draft, name)
        if said is None or not said.value.strip():
            continue
        if _stands(said.quote, text) and _bears(field, said):
            found[field] = said.value.strip()
        else:
            _ask_instead(field, said, asker)
    named = [said.value.strip() for said in draft.boards if _is_named(said, text, boards)]
    if named:
        found[FormField.BOARDS] = ", ".join(dict.fromkeys(named))
    return found


def _text(request: Request) -> str:
    return f"{request.title}\n\n{request.body}"


def _stands(quote: str, text: str) -> bool:
    """Say whether words stand in a text, whatever its line breaks."""
    words = " ".join(quote.split())
    return len(words) >= QUOTE_MIN_CHARACTERS and words in " ".join(text.split())


def _bears(field: FormField, said: Said) -> bool:
    """Say whether the quote holds what the value says: every number, and every name."""
    if field in _LIMITS and said.value.strip().lower() == NO_LIMIT:
        return True
    if field in (*_LIMITS, FormField.RAW_SAMPLE):
        return _numbers(said.value) <= _numbers(said.quote) and bool(_numbers(said.value))
    quote = squeeze(said.quote)
    if field is FormField.DATA:
        return squeeze(said.value.partition(":")[2] or said.value) in quote
    if field is FormField.LABELS:
        return all(_dense(label) in _dense(said.quote) for label in quantities.items(said.value))
    return field is not FormField.LABEL_COLUMN or squeeze(said.value) in quote


def _dense(text: str) -> str:
    return "".join(text.casefold().split())


def _numbers(text: str) -> set[float]:
    return {quantities.number(match[0]) for match in _NUMBER.finditer(text)}


def _is_named(said: Said, text: str, boards: Mapping[str, Board]) -> bool:
    """Say whether the quote names the board: by a name, or by its part's."""
    name = find_board(said.value, boards)
    if name is None:
        return _stands(said.quote, text) and squeeze(said.value) in squeeze(said.quote)
    board = boards[name]
    known = squeeze(" ".join((board.name, *board.aliases, board.title, board.part)))
    by_part = any(squeeze(part) in known for part in _PART.findall(said.quote))
    return _stands(said.quote, text) and (name in boards_in_text(said.quote, boards) or by_part)


def _ask_instead(field: FormField, said: Said, asker: Asker) -> None:
    if field in (*_ASKED_ANYWAY, *_DATA_TELL):
        return
    asker.ask(
        field.value,
        f"the request was read as {code(said.value[:80])}, but does not say so in these words.",
        "Please state it, or say that it is left open.",
        EXAMPLES.get(field, ""),
    )
