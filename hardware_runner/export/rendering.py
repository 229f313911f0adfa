"""Rendering: the files of an export that are written from templates/export/."""

from __future__ import annotations

import functools
import json
import re
from importlib import resources

import jinja2

_FOLDER = "export"


def render(template: str, **values: object) -> bytes:
    """Render one of templates/export/; it ends in one line end and has no double gaps.

    Args:
        template: Its path there: "cmake/CMakeLists.txt.jinja".
        values: What it names; one that it names and is not given is an error.
    """
    text = _environment().get_template(template).render(values)
    return (re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n").encode()


def plain(template: str) -> bytes:
    """Return one of templates/export/ as it is."""
    return resources.files("templates").joinpath(_FOLDER, template).read_bytes()


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_load),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  build scripts; names in them went through safe_name
    )
    environment.filters["quoted"] = lambda text: json.dumps(str(text))
    return environment


def _load(name: str) -> str | None:
    file = resources.files("templates").joinpath(_FOLDER, name)
    return file.read_text(encoding="utf-8") if file.is_file() else None
