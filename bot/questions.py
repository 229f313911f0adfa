"""Questions: what must be answered before a request can be followed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.errors import RequestError
from bot.rendering.environment import render_text
from bot.rendering.text import Markdown


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the author of a request.

    Attributes:
        field: label of the form's field that the answer belongs in.
        found: what was found, as markdown, a sentence that may begin in lower case.
        asked: what is missing or contradictory, and what is wanted, as markdown.
        example: an answer that would do, as plain text; may be empty.
    """

    field: str
    found: str
    asked: str
    example: str


@dataclass(frozen=True, slots=True)
class Questions:
    """What a request leaves open: at least one question."""

    questions: tuple[Question, ...]

    def markdown(self, template: str = "questions.md.jinja") -> str:
        """Return the comment that is posted under the request.

        Args:
            template: of templates/texts/; it says how the questions are answered.
        """
        safe = [
            replace(q, found=Markdown(q.found), asked=Markdown(q.asked)) for q in self.questions
        ]
        return render_text(template, {"questions": safe})


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
    def instead_of_errors(self, example: str = "") -> Iterator[None]:
        """Turn an error about the request into a question."""
        try:
            yield
        except RequestError as error:
            self.ask(error.field, error.problem, error.cure, example)
