"""Prompts: the facts, the worked example and what failed before, as texts for a language model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import jinja2

from bot.authors import example
from bot.authors.author import Failure, Tried
from bot.authors.escalation import Example, Step
from bot.authors.facts import Facts
from bot.authors.quoting import KEPT, clipped, fenced, quoted, request_words
from bot.evidence import Stage
from bot.goal import Limits
from bot.llm.language_model import Prompt
from bot.plan import FeatureKind
from bot.stages.compilers import EXACT, WARNINGS
from bot.tools import package_versions
from hardware_runner.boards import find_board

COLUMNS_MAX = 48  # columns that are listed one by one; pixels are told as a whole
HEADER_MAX = 300
RECORDS_SHOWN = 3
RECORD_MAX_CHARACTERS = 1_500
EXCERPT_LINES = 3  # of code, before and after a line that a failure names
EXCERPTS_MAX = 4

# What of the project an author of a stage must see, beside the facts.
SHOWN: Mapping[Stage, tuple[str, ...]] = {
    Stage.DATA: (),
    Stage.FEATURES: ("goal.h",),
    Stage.TRAIN: ("features.c",),
    Stage.CONVERT: ("train.py",),
    Stage.FIRMWARE: ("goal.h", "app.h"),
}
_PACKAGES: Mapping[Stage, tuple[str, ...]] = {
    Stage.DATA: ("numpy", "pandas", "pillow"),
    Stage.TRAIN: ("numpy", "keras", "tensorflow-cpu", "tensorflow", "scikit-learn"),
    Stage.CONVERT: ("numpy", "keras", "tensorflow-cpu", "tensorflow"),
}
_SUGGESTIONS: Mapping[FeatureKind, str] = {
    FeatureKind.SCALE: "divide every value by the largest of the training records: 0 to 1",
    FeatureKind.STANDARDISE: "for each column (value - mean) / standard deviation, 0 where that "
    "deviation is 0",
    FeatureKind.STANDARDISE_CHANNELS: "for each channel of the last axis (value - mean) / standard "
    "deviation, 0 where that deviation is 0",
    FeatureKind.SPECTROGRAM: "a spectrogram, frame after frame and in each the bands from low to "
    "high: Hann window, Fourier transform, energy in triangular mel bands, logarithm of 1 + energy "
    "brought to about 0 to 1.5; with additions and multiplications only, for logf and cosf differ "
    "between C libraries and every core must compute the same bytes",
    FeatureKind.RATIO: "each value's share of the sum of the sample's values, equal shares where "
    "the sum is not above 0",
}
_PLACES = (
    re.compile(r"(?P<path>\w+\.(?:c|h|py)):(?P<line>\d+)"),
    re.compile(r'"(?:[^"\n]*/)?(?P<path>\w+\.py)", line (?P<line>\d+)'),
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file, numbered."""

    path: str
    text: str


def write_prompt(
    stage: Stage,
    paths: Sequence[str],
    facts: Facts,
    tried: Sequence[Tried],
    step: Step,
    candidate: int = 0,
) -> Prompt:
    """Return the prompt for one try at a stage.

    Args:
        stage: whose files are wanted.
        paths: those of its files that are asked for now.
        facts: all that they must agree with.
        tried: what was tried before.
        step: how this try differs from the ones before.
        candidate: counts candidates that are written side by side.
    """
    full = step.example is Example.WITH_FACTS
    made = example.with_facts(facts, stage) if full else example.another(facts, stage)
    values = {
        "stage": stage.value,
        "paths": paths,
        "candidate": candidate,
        "facts": facts,
        "goal": facts.goal,
        "plan": facts.plan,
        "labels": [quoted(label, 80) for label in facts.goal.labels],
        "columns": facts.columns if len(facts.columns) <= COLUMNS_MAX else (),
        "channels": facts.channels if len(facts.channels) <= COLUMNS_MAX else (),
        "header": _header(facts),
        "records": _records(facts),
        "suggestion": _SUGGESTIONS.get(facts.plan.features, facts.plan.features.value),
        "limits": limit_words(facts.goal.limits),
        "boards": [find_board(name) for name in facts.goal.boards],
        "c_flags": " ".join((*WARNINGS, *EXACT, "-O2")),
        "versions": _versions(stage),
        "shown": {p: facts.files[p] for p in SHOWN[stage] if p in facts.files},
        "example": {p: made[p] for p in paths if p in made},
        "example_is": example.WITH_FACTS if full else example.ANOTHER,
        "tried": tried,
        "excerpts": excerpts(tried[-1]) if tried else (),
        "repeated": len(tried) > 1 and bool(tried[-1].signatures & tried[-2].signatures),
        "small": step.small,
    }
    return Prompt(
        purpose=stage.value,
        system=prompt_text("rules", stage.value),
        user=render("user.md.jinja", values),
        tier=step.tier,
    )


@cache
def prompt_text(*names: str) -> str:
    """Return texts of templates/prompts/ that are the same for every request, one after another."""
    folder = resources.files("templates") / "prompts"
    return "\n".join((folder / f"{name}.md").read_text(encoding="utf-8") for name in names)


def render(template: str, values: Mapping[str, object]) -> str:
    """Render one of templates/prompts/; without double gaps."""
    text = _environment().get_template(template).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip().replace(KEPT, "") + "\n"


def limit_words(limits: Limits) -> list[str]:
    """Return the limits of a goal in words."""
    wanted = (
        ("accuracy on the held-out records at least {:g} %", _percent(limits.accuracy_min)),
        ("int8 loses at most {:g} percentage points", _percent(limits.accuracy_drop_max)),
        ("at most {:,} instructions for features and model", limits.instructions_max),
        ("at most {:g} ms for features and model", limits.latency_max_ms),
        ("at most {:,} bytes of flash for the whole firmware", limits.flash_max_bytes),
        ("at most {:,} bytes of RAM for the whole firmware", limits.ram_max_bytes),
    )
    return [words.format(value) for words, value in wanted if value is not None]


def excerpts(last: Tried) -> list[Excerpt]:
    """Return the lines of code that the failures of a try name, with some around them."""
    places: dict[tuple[str, int], None] = {}
    for failure in last.failures:
        for path, line in named_lines(failure):
            if path in last.files:
                places.setdefault((path, line))
    return [
        Excerpt(path, _numbered(last.files[path], line))
        for path, line in list(places)[:EXCERPTS_MAX]
    ]


def named_lines(failure: Failure) -> list[tuple[str, int]]:
    """Return the places that compilers and tracebacks name: file and line, from 1."""
    found = [match for pattern in _PLACES for match in pattern.finditer(failure.detail)]
    return [(match["path"], int(match["line"])) for match in found]


def _numbered(text: str, line: int) -> str:
    lines = text.splitlines()
    first = max(1, line - EXCERPT_LINES)
    chosen = lines[first - 1 : line + EXCERPT_LINES]
    return "\n".join(
        f"{'>' if n == line else ' '} {n:4} {one}" for n, one in enumerate(chosen, first)
    )


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction


def _header(facts: Facts) -> list[str]:
    names = [column.name for column in facts.columns]
    shown = [quoted(name, 60) for name in names[:HEADER_MAX]]
    return shown if len(names) <= HEADER_MAX else [*shown, f"and {len(names) - HEADER_MAX} more"]


def _records(facts: Facts) -> str:
    lines = facts.files.get("train.csv", "").splitlines()[: RECORDS_SHOWN + 1]
    return "\n".join(clipped(line, RECORD_MAX_CHARACTERS) for line in lines)


def _versions(stage: Stage) -> list[str]:
    installed = package_versions()
    return [f"{n} {installed[n]}" for n in _PACKAGES.get(stage, ()) if n in installed]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_load),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  (a prompt is plain text; quoting.py fences what is foreign)
    )
    environment.filters |= {
        "quoted": quoted,
        "fenced": fenced,
        "request": request_words,
        "clipped": clipped,
        "tuple": lambda values: str(tuple(values)),
        "first_line": lambda text: (text.strip().splitlines() or [""])[0],
    }
    return environment


def _load(name: str) -> str | None:
    file = resources.files("templates").joinpath("prompts", name)
    return file.read_text(encoding="utf-8") if file.is_file() else None
