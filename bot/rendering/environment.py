"""The environment of the texts: what a template prints is escaped unless it was made here."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources

import jinja2

from bot.rendering.numbers import number, percent
from bot.rendering.text import Markdown, code, inline, quote, verbatim


def render_text(template: str, values: Mapping[str, object]) -> str:
    """Render one of templates/texts/; the result ends in one line end and has no double gaps."""
    text = _environment().get_template(template).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_load),
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  the texts are Markdown; _finalize escapes for it
    )
    environment.filters |= {
        "code": code,
        "percent": percent,
        "quote": quote,
        "verbatim": verbatim,
    }
    return environment


def _load(name: str) -> str | None:
    file = resources.files("templates").joinpath("texts", name)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _finalize(value: object) -> str:
    if isinstance(value, Markdown):
        return value
    if isinstance(value, int | float):
        return number(value)
    return inline(str(value))
