"""Let a language model write a stage's files: it is told every fact, and what its tries led to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from bot.authors.answers import answer_type, files_of, notes_of, unusable_texts
from bot.authors.author import Failure, Tried, Written
from bot.authors.escalation import Step, next_step
from bot.authors.facts import Facts
from bot.authors.prompts import named_lines, write_prompt
from bot.evidence import Stage
from bot.llm.language_model import (
    Answer,
    CutShort,
    LanguageModel,
    Malformed,
    Refused,
    Tier,
    Unusable,
    Usage,
)
from bot.sandbox.job import Origin
from bot.workspace import AUTHORED_PATHS

FIRST_TIERS: Mapping[Stage, Tier] = {
    Stage.DATA: Tier.CHEAP,
    Stage.FEATURES: Tier.STRONG,
    Stage.TRAIN: Tier.STRONG,
    Stage.CONVERT: Tier.CHEAP,
    Stage.FIRMWARE: Tier.STRONG,
}
_CURES: Mapping[type[Unusable], tuple[str, str]] = {
    Refused: ("answer.given", "Nothing harmful is asked for: write the files as described."),
    CutShort: ("answer.whole", "The answer was too long: write shorter files, and short notes."),
    Malformed: ("answer.form", "Answer with nothing but the fields of the schema."),
}


class LanguageModelAuthor:
    """Asks a model for whole files, each try otherwise than the one before."""

    def __init__(
        self, model: LanguageModel, name: str, tiers: Mapping[Stage, Tier] = FIRST_TIERS
    ) -> None:
        """Write with `model`.

        Args:
            model: what is asked.
            name: the names of the models, for people; files carry the name that the server gave.
            tiers: which tier begins with a stage; repairs go to the strong one.
        """
        self._model = model
        self._name = name
        self._tiers = {**FIRST_TIERS, **tiers}

    @property
    def name(self) -> str:
        """Return who it is, for people."""
        return self._name

    @property
    def learns(self) -> bool:
        """Say that it writes otherwise when it is told what was wrong."""
        return True

    def write(
        self, stage: Stage, facts: Facts, tried: Sequence[Tried] = (), candidate: int = 0
    ) -> Written | Tried:
        """Return the stage's files, or why there are none that could be used."""
        step = next_step(self._tiers[stage], tried)
        paths = _asked(stage, tried, step)
        kept = dict(tried[-1].files) if tried else {}
        prompt = write_prompt(stage, paths, facts, tried, step, candidate)
        try:
            answer = self._model.ask(prompt, answer_type(stage, paths))
        except Unusable as error:
            return _unusable(error, self._name)
        return _judged(stage, paths, kept, answer)


def _asked(stage: Stage, tried: Sequence[Tried], step: Step) -> tuple[str, ...]:
    """Return the files to ask for: all of the stage's, or the one at fault for a small step."""
    paths = AUTHORED_PATHS[stage]
    if not step.small or set(tried[-1].files) != set(paths):
        return paths
    named = [path for failure in tried[-1].failures for path, _ in named_lines(failure)]
    sources = [path for path in paths if not path.endswith(".h")]
    return (next((path for path in named if path in paths), sources[0]),)


def _judged(
    stage: Stage, paths: tuple[str, ...], kept: Mapping[str, str], answer: Answer[BaseModel]
) -> Written | Tried:
    """Return the files where each of them is a whole text."""
    usage = (answer.usage,)
    author = answer.usage.model
    files = files_of(answer.value, paths)
    if failures := unusable_texts(files):
        return Tried(author, {}, failures, usage)
    whole = {path: files[path] if path in files else kept[path] for path in AUTHORED_PATHS[stage]}
    return Written(whole, author, Origin.LANGUAGE_MODEL, usage, notes_of(answer.value))


def _unusable(error: Unusable, name: str) -> Tried:
    """Return a try that brought no files; the model is told so in the next prompt."""
    check, cure = _CURES.get(type(error), ("answer.form", "Answer with the fields of the schema."))
    failure = Failure(
        check=check,
        claim="The answer holds the files that were asked for",
        detail=f"{cure}\n{str(error)[:1500]}",
    )
    usage: tuple[Usage, ...] = (error.usage,) if error.usage else ()
    return Tried(error.usage.model if error.usage else name, {}, (failure,), usage)
