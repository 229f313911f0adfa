"""Remarks: which stage each remark of a review concerns, and what is told of those that none does.

A remark at a file that an author writes concerns the file's stage; a general one those whose files
it names. What names none is read by the language model, all of it in one question. Templates follow
one wish alone: a network of another size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field

from bot.authors.author import Failure
from bot.authors.prompts import prompt_text, render
from bot.authors.quoting import clipped
from bot.evidence import Stage
from bot.frozen import Frozen
from bot.llm.language_model import BudgetReached, LanguageModel, Prompt, Tier, Unusable
from bot.rendering.text import Markdown, code, inline
from bot.request import visible
from bot.size import Size
from bot.work.job import Remark
from bot.work.sizes import wished_size
from bot.workspace import AUTHORED_PATHS

REMARK = "review.remark"
GENERATED_PATHS = (
    *("README.md", "app.h", "evidence.json", "model.tflite"),
    *("testset.npz", "train.csv", "train.npz"),
)
GENERATED_FOLDERS = ("plots/", "train/")
REMARKS_MAX = 40
TEXT_MAX = 1_500
_FAILURES_MAX = 5

FROM_REQUEST = (
    "`{path}` says what was asked for; a remark does not change it. Edit the issue and comment "
    "`/boardwright retry`."
)
GENERATED = (
    "`{path}` is written anew from the goal, the data and what was measured; a remark does not "
    "change it. A remark at the file that it follows from does: `data.py`, `features.c`, "
    "`train.py`, `convert.py` or `app.c`."
)
PROTECTED_TEST = (
    "`{path}` is the test that the claims are checked by; neither remarks nor models change it."
)
SIZED_BY = ("", "train.py", "README.md", "model.tflite")
"""Where a remark about size is about the network: at these files, or at none."""

NO_MODEL = (
    "Nothing was changed for this: no language model is set up here, and templates take no text. "
    "Edit {file} on this branch and comment `/boardwright retry`: the edit is kept as it is, and "
    "checked."
)
FOLLOWED = (
    "What templates can do is write a smaller or a larger network, where a remark at `train.py` or "
    "the review's own text asks for one."
)
NO_ANSWER = (
    "A question for a person: no language model is set up here, so nobody can answer it, and "
    "nothing was changed. `README.md` describes data and model, `evidence.json` says how each "
    "claim was measured."
)
BOTH_SIZES = (
    "Nothing was changed for this: one remark asks for a smaller network and another for a larger "
    "one. Agree on one of them, then ask once more."
)
NOT_READ = (
    "The language model gave no answer that could be used, so it is not clear which file is meant. "
    "Write the remark at a line of the file, or name the file in it."
)
NO_FILE = "No file of the project follows from this, so nothing was changed."
TOO_MANY = f"A review is followed with {REMARKS_MAX} remarks at most; submit this one again."


class Sorting(Frozen):
    """What a model makes of one remark."""

    remark: int = Field(description="its number")
    stages: list[Stage] = Field(description="whose files must change for it; empty for none")
    reply: str = Field(description="where no file changes: the answer, one to three sentences")


class Sortings(Frozen):
    """What a model makes of all remarks."""

    remarks: list[Sorting]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Remarks by what is done about them.

    Attributes:
        stages: by index of a remark, the stages it concerns; in their order, at least one.
        answers: by index, what is said where no file is changed.
        size: the network that the templates are asked for.
    """

    stages: Mapping[int, tuple[Stage, ...]] = field(default_factory=dict)
    answers: Mapping[int, Markdown] = field(default_factory=dict)
    size: Size = Size.USUAL

    def wanting(self, remarks: Sequence[Remark]) -> dict[Stage, tuple[Failure, ...]]:
        """Return by stage what is found wanting, as its author is told of it."""
        return {
            stage: _failures([r for i, r in enumerate(remarks) if stage in self.stages.get(i, ())])
            for stage in Stage
            if any(stage in stages for stages in self.stages.values())
        }


def sort_remarks(remarks: Sequence[Remark], model: LanguageModel | None) -> Sorted:
    """Find out which stage each remark concerns."""
    if model is None:
        return _sorted_for_templates(remarks)
    stages: dict[int, tuple[Stage, ...]] = {}
    answers: dict[int, Markdown] = {}
    general: list[int] = []
    for index, remark in enumerate(remarks):
        concerned = _stages_of(remark)
        if refused := _refused(index, remark):
            answers[index] = refused
        elif concerned:
            stages[index] = concerned
        else:
            general.append(index)
    if general:
        read = _read_by_model([remarks[i] for i in general], model)
        for place, index in enumerate(general):
            found = read[place]
            if isinstance(found, tuple):
                stages[index] = found
            else:
                answers[index] = found
    return Sorted(stages, answers)


def _sorted_for_templates(remarks: Sequence[Remark]) -> Sorted:
    """Follow a wish for another size, and say of all else that nobody here understands it."""
    wishes = {
        index: size
        for index, remark in enumerate(remarks[:REMARKS_MAX])
        if remark.path in SIZED_BY and (size := wished_size(remark.text))
    }
    answers = {
        index: _refused(index, remark) or _not_followed(remark)
        for index, remark in enumerate(remarks)
        if index not in wishes
    }
    sizes = set(wishes.values())
    if len(sizes) > 1:
        return Sorted({}, {**answers, **dict.fromkeys(wishes, Markdown(BOTH_SIZES))})
    size = sizes.pop() if sizes else Size.USUAL
    return Sorted(dict.fromkeys(wishes, (Stage.TRAIN,)), answers, size)


def _refused(index: int, remark: Remark) -> Markdown | None:
    """Return what is said of a remark that nobody follows, whoever writes."""
    return Markdown(TOO_MANY) if index >= REMARKS_MAX else _protected(remark.path)


def _not_followed(remark: Remark) -> Markdown:
    if visible(remark.text).rstrip().endswith("?"):
        return Markdown(NO_ANSWER)
    named = code(remark.path) if _stages_of(remark) and remark.path else "the file"
    said = NO_MODEL.format(file=named)
    return Markdown(f"{said} {FOLLOWED}" if remark.path in SIZED_BY else said)


def _stages_of(remark: Remark) -> tuple[Stage, ...]:
    """Return the stage of the file that a remark stands at, else those whose files it names."""
    if remark.path:
        return tuple(s for s, paths in AUTHORED_PATHS.items() if remark.path in paths)
    words = set(re.findall(r"[\w.]+\.\w+", remark.text))
    return tuple(s for s, paths in AUTHORED_PATHS.items() if words & set(paths))


def _protected(path: str) -> Markdown | None:
    if path in ("goal.toml", "goal.h"):
        return Markdown(FROM_REQUEST.format(path=path))
    if path == "test_board.py":
        return Markdown(PROTECTED_TEST.format(path=path))
    if path in GENERATED_PATHS or path.startswith(GENERATED_FOLDERS):
        return Markdown(GENERATED.format(path=path.partition("/")[0]))
    return None


def _read_by_model(
    remarks: Sequence[Remark], model: LanguageModel
) -> list[tuple[Stage, ...] | Markdown]:
    prompt = Prompt(
        purpose="review",
        system=prompt_text("review"),
        user=render(
            "review_user.md.jinja",
            {"remarks": [clipped(visible(r.text), TEXT_MAX) for r in remarks]},
        ),
        tier=Tier.CHEAP,
        max_output_tokens=4_000,
    )
    try:
        answer = model.ask(prompt, Sortings).value
    except Unusable:
        return [Markdown(NOT_READ)] * len(remarks)
    except BudgetReached as error:
        return [inline(str(error), 600)] * len(remarks)
    by_number = {one.remark: one for one in answer.remarks}
    return [_sorted_as(by_number.get(number)) for number in range(1, len(remarks) + 1)]


def _sorted_as(sorting: Sorting | None) -> tuple[Stage, ...] | Markdown:
    if sorting is None:
        return Markdown(NOT_READ)
    if sorting.stages:
        return tuple(stage for stage in Stage if stage in sorting.stages)
    reply = inline(visible(sorting.reply), 800)
    return Markdown(f"{NO_FILE} The language model says: {reply}" if reply else NO_FILE)


def _failures(remarks: Sequence[Remark]) -> tuple[Failure, ...]:
    """Return what reviewers ask for; the last failure gathers what is more than an author sees."""
    first = [_failure(one.path, one.line, _words(one)) for one in remarks[:_FAILURES_MAX]]
    rest = remarks[_FAILURES_MAX:]
    if not rest:
        return tuple(first)
    gathered = "\n\n".join(f"{r.path}:{r.line or 1}: {clipped(visible(r.text), 300)}" for r in rest)
    return (*first, _failure("", None, gathered))


def _failure(path: str, line: int | None, words: str) -> Failure:
    place = f" at {path}:{line}" if path and line else f" about {path}" if path else ""
    return Failure(
        check=REMARK,
        claim=f"What a reviewer asks for{place} is done, within the contract of this stage",
        method="a review of the pull request; what follows are the reviewer's own words",
        detail=words,
    )


def _words(remark: Remark) -> str:
    place = f"{remark.path}:{remark.line}\n" if remark.path and remark.line else ""
    return place + clipped(visible(remark.text), TEXT_MAX)


def told(paths: Sequence[str]) -> str:
    """Return paths as a list in a sentence."""
    return ", ".join(code(path) for path in paths)
