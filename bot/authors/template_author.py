"""Write a project's files from the worked projects in `templates/projects/`: no key, no network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

import jinja2

from bot.authors.author import Tried, Written
from bot.authors.facts import Facts
from bot.evidence import Stage
from bot.goal import Goal, Task
from bot.sandbox.job import Origin
from bot.workspace import AUTHORED_PATHS


class TemplateAuthor:
    """Fills a worked project with the facts at hand. The same facts give the same files."""

    def __init__(self, task: Task) -> None:
        self._task = task

    @property
    def name(self) -> str:
        """Return the name under which the files are attributed."""
        return f"template: {self._task.value}"

    @property
    def learns(self) -> bool:
        """Say that it writes the same again, whatever was wrong with it."""
        return False

    def write(
        self, stage: Stage, facts: Facts, tried: Sequence[Tried] = (), candidate: int = 0
    ) -> Written:
        """Return the stage's files, by path relative to the project folder."""
        environment = _environment()
        files = {
            path: environment.select_template(_candidates(path, facts.goal)).render(
                facts=facts,
                goal=facts.goal,
                plan=facts.plan,
                size=facts.size,
            )
            for path in AUTHORED_PATHS[stage]
        }
        return Written(files, self.name, Origin.TEMPLATE)


def _candidates(path: str, goal: Goal) -> list[str]:
    """Return the templates that a file may have: its task's, its source's, the one for all."""
    return [
        f"{goal.task.value}/{path}.j2",
        f"{Path(path).stem}/{goal.records_kind}.py.j2",
        f"any/{path}.j2",
    ]


def has_templates(task: Task) -> bool:
    """Say whether there is a worked project for a task."""
    return resources.files("templates").joinpath("projects", task.value).is_dir()


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (the output is source code, not HTML)
    )
    environment.filters["c_float"] = c_float
    environment.filters["python_string"] = python_string
    environment.filters["comment"] = comment
    environment.filters["python_list"] = python_list
    return environment


def _read(name: str) -> str | None:
    file = resources.files("templates").joinpath("projects", *name.split("/"))
    return file.read_text(encoding="utf-8") if file.is_file() else None


def c_float(value: float) -> str:
    """Write a number as a C `float` constant with the nine digits that give the same float32 back.

    Raises:
        ValueError: the number is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no constant")
    text = f"{value:.9g}"
    if not any(c in text for c in ".e"):
        text += ".0"
    return f"{text}f"


def python_string(text: str) -> str:
    """Write a text as a Python literal, ASCII only, in the quotes that need fewer escapes."""
    escaped = text.encode("unicode_escape").decode("ascii")
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + escaped.replace(quote, f"\\{quote}") + quote


def comment(text: str) -> str:
    """Make a text safe within a one-line comment or a docstring, in C and in Python."""
    line = " ".join(text.split())
    kept = "".join(c for c in line if c.isprintable() and c not in '\\"')
    return kept.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")


def python_list(texts: Iterable[str], used: int = 0, width: int = 88) -> str:
    """Write texts as a Python list: in one line where it fits, else one a line.

    Args:
        texts: what the list holds.
        used: characters that stand before it in its line.
        width: the longest line.
    """
    items = [python_string(text) for text in texts]
    line = f"[{', '.join(items)}]"
    if used + len(line) <= width:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
