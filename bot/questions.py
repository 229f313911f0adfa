"""Questions: what must be answered before a request can be followed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources

import jinja2

from bot.errors import RequestError


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the author of a request; the texts are markdown.

    Attributes:
        field: label of the form's field that the answer belongs in.
        found: what was found; may be empty where nothing was.
        asked: what is missing or contradictory, and what is wanted.
        example: an answer that would do; may be empty.
    """

    field: str
    found: str
    asked: str
    example: str


@dataclass(frozen=True, slots=True)
class Questions:
    """What a request leaves open: at least one question."""

    questions: tuple[Question, ...]

    def markdown(self) -> str:
        """Return the comment that is posted under the request."""
        text = resources.files("templates").joinpath("texts", "questions.md").read_text("utf-8")
        environment = jinja2.Environment(
            trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False
        )
        return environment.from_string(text).render(questions=self.questions).strip() + "\n"


@dataclass(slots=True)
class Asker:
    """Collects questions, so that a person is asked everything at once."""

    questions: list[Question] = field(default_factory=list)

    def ask(self, field_label: str, found: str, asked: str, example: str) -> None:
        """Note a question."""
        question = Question(field_label, found, asked, example)
        if question not in self.questions:
            self.questions.append(question)

    @contextmanager
    def instead_of_errors(self, example: str) -> Iterator[None]:
        """Turn an error about the request into a question."""
        try:
            yield
        except RequestError as error:
            self.ask(error.field, error.problem, error.cure, example)
