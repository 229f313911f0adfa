"""Free text: what a request without the form says plainly, found by rule.

The result has the shape of a filled-in form, so that both go the same way from there. What is said
in two ways that disagree becomes a question; what is not said stays out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot import quantities
from bot.board_names import boards_in_text
from bot.issue_form import Field
from bot.limits import EXAMPLES
from bot.questions import Asker
from bot.rendering.text import code
from bot.request import Request
from bot.sources.bundled import BUNDLES
from hardware_runner.board import Board

_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n\s*\n|\n(?=\s*[-*+] )")
_NUMBER = quantities.NUMBER

_PERCENT = re.compile(rf"({_NUMBER})\s*(?:%|percent\b|per cent\b)", re.IGNORECASE)
_FRACTION = re.compile(r"\baccura\w+[^.\d\n]{0,30}?\b(0?\.\d+)", re.IGNORECASE)
_ABOUT_ACCURACY = re.compile(r"\b(accura\w*|correct\w*|right|recogni\w+|hit rate)\b", re.IGNORECASE)
_TIME = re.compile(
    rf"({_NUMBER})\s*(ms|msec|milliseconds?|us|\u00b5s|\u03bcs|microseconds?)\b", re.IGNORECASE
)
_SECONDS = re.compile(
    r"\b(?:within|under|latency|at most|less than)\b[^.\d\n]{0,20}"
    rf"({_NUMBER})\s*(s|sec|seconds?)\b",
    re.IGNORECASE,
)
_INSTRUCTIONS = re.compile(rf"{_NUMBER}\s*[kM]?\s?instructions\b", re.IGNORECASE)
_SIZE = re.compile(rf"(?<![\w.])({_NUMBER})\s*(KiB|kB|KB|Kbytes?|MiB|MB|bytes?|K)\b", re.IGNORECASE)
_MEMORY = re.compile(r"\b(flash|rom|program memory|s?ram|working memory)\b", re.IGNORECASE)
_MEMORY_AFTER = re.compile(
    r"\s*(?:of|for|in|as)?\s*(?:the\s+|its\s+|code\s+|program\s+)?"
    r"(flash|rom|program memory|s?ram|working memory)\b",
    re.IGNORECASE,
)
_URI = re.compile(
    r"\b(sklearn:[\w-]+|(?:csv|npz|images|wav):[^\s`'\"<>()]+"
    r"|https?://[^\s`'\"<>()?#]+\.(?i:csv|npz|zip)\b(?:[?#][^\s`'\"<>()]*)?)",
)
_CSV_PATH = re.compile(r"(?<![\w:/.-])((?:[\w.-]+/)*[\w.-]+\.csv)\b", re.IGNORECASE)
_LABELS = re.compile(
    r"\b(?:labels|classes|categories)\s*(?:are\b\s*:?|:|=)\s*([^.\n!?]+(?:\n[ \t]*[-*+] [^\n]+)*)",
    re.IGNORECASE,
)
_LABEL_COLUMN = re.compile(
    r"\blabel column\s*(?:is|:|=)?\s*[`'\"]?([\w-]+)"
    r"|\b(?:labels?|class(?:es)?) (?:is |are |stands? )?in (?:the )?column [`'\"]?([\w-]+)"
    r"|\bcolumn [`'\"]?([\w-]+)[`'\"]? (?:holds|has|contains|is) "
    r"(?:the )?(?:labels?|class(?:es)?)\b",
    re.IGNORECASE,
)


def extract(request: Request, boards: Mapping[str, Board], asker: Asker) -> Mapping[Field, str]:
    """Return the answers that a free text gives, by field of the form.

    Args:
        request: the issue.
        boards: the boards that can be named.
        asker: takes the questions about what the text says in two ways.
    """
    text = f"{request.title}\n\n{request.body}"
    found = {
        Field.GOAL: request.body.strip() or request.title,
        Field.DATA: _one(Field.DATA, _data(text), "csv:data/fruit.csv", asker),
        Field.LABEL_COLUMN: _one(Field.LABEL_COLUMN, _label_columns(text), "fruit", asker),
        Field.LABELS: _one(Field.LABELS, _labels(text), "apple, banana", asker),
        Field.BOARDS: ", ".join(boards_in_text(text, boards)),
        Field.ACCURACY: _one(Field.ACCURACY, _accuracies(text), EXAMPLES[Field.ACCURACY], asker),
        Field.LATENCY: _one(Field.LATENCY, _latencies(text), EXAMPLES[Field.LATENCY], asker),
    }
    memory = _memory(text, asker)
    for field in (Field.FLASH, Field.RAM):
        sizes = _distinct(memory.get(field, ()), quantities.size_bytes)
        found[field] = _one(field, sizes, EXAMPLES[field], asker)
    return {field: answer for field, answer in found.items() if answer}


def _one(field: Field, candidates: Sequence[str], example: str, asker: Asker) -> str:
    """Return the only candidate; ask where there are several."""
    if len(candidates) > 1:
        asker.ask(
            field.value,
            f"the text says {' and '.join(code(c[:80]) for c in candidates[:4])}.",
            "Which of them holds?",
            example,
        )
    return candidates[0] if candidates else ""


def _distinct(texts: Iterable[str], value: Callable[[str], object]) -> list[str]:
    """Keep one text for each value: '0.95' and '95 %' are the same."""
    kept: dict[object, str] = {}
    for text in texts:
        try:
            kept.setdefault(value(text), text)
        except ValueError:
            kept.setdefault(text, text)
    return list(kept.values())


def _data(text: str) -> list[str]:
    found = [match[1].rstrip(".,;:") for match in _URI.finditer(text)]
    bare = _URI.sub(" ", text)
    found += [f"csv:{match[1]}" for match in _CSV_PATH.finditer(bare)]
    if not found:
        for name in BUNDLES:
            words = name.replace("_", "[ _-]")
            if re.search(rf"(?i)\b{words}\b[^.\n]{{0,30}}\bdata[ -]?set\b", text) or re.search(
                rf"(?i)\b(?:scikit[- ]learn|sklearn)\b[^.\n]{{0,30}}\b{words}\b", text
            ):
                found.append(f"sklearn:{name}")
    return list(dict.fromkeys(found))


def _label_columns(text: str) -> list[str]:
    matches = _LABEL_COLUMN.finditer(text)
    return list(
        dict.fromkeys(next(group for group in match.groups() if group) for match in matches)
    )


def _labels(text: str) -> list[str]:
    lists = []
    for match in _LABELS.finditer(text):
        listed = re.sub(r",?\s+(?:and|or)\s+", ", ", match[1])
        items = quantities.items(listed)
        if len(items) > 1:
            lists.append(", ".join(items))
    return list(dict.fromkeys(lists))


def _accuracies(text: str) -> list[str]:
    found: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        if _ABOUT_ACCURACY.search(sentence):
            found += [f"{match[1]} %" for match in _PERCENT.finditer(sentence)]
    found += [match[1] for match in _FRACTION.finditer(text)]
    return _distinct(found, quantities.percent)


def _latencies(text: str) -> list[str]:
    times = [f"{match[1]} {match[2].lower()}" for match in _TIME.finditer(text)]
    times += [f"{match[1]} s" for match in _SECONDS.finditer(text)]
    counts = [match[0] for match in _INSTRUCTIONS.finditer(text)]
    return _distinct(times, quantities.time_ms) + _distinct(counts, quantities.instructions)


def _memory(text: str, asker: Asker) -> Mapping[Field, list[str]]:
    """Return the sizes of flash and of RAM: by the word after the size, else the one before."""
    found: dict[Field, list[str]] = {Field.FLASH: [], Field.RAM: []}
    for sentence in _SENTENCE_END.split(text):
        start = 0
        for match in _SIZE.finditer(sentence):
            size = f"{match[1]} {match[2]}"
            after = _MEMORY_AFTER.match(sentence, match.end())
            before = _MEMORY.findall(sentence, start, match.start())
            word = after[1] if after else before[-1] if before else ""
            start = match.end()
            if word:
                is_ram = "ram" in word.lower().split()[0][-3:] or word.lower() == "working memory"
                found[
                    Field.RAM if is_ram and "program" not in word.lower() else Field.FLASH
                ].append(size)
            else:
                asker.ask(
                    Field.FLASH.value,
                    f"{code(size)} is named, but not of which memory.",
                    "Is it flash, RAM, or neither?",
                    f"{size} of flash",
                )
    return found
