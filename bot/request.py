"""Request: the issue as it stood when it was triggered, with everything hidden taken out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from bot.errors import RequestError
from bot.rendering.text import code

# Source: the messages with which GitHub refuses longer ones: "title is too long (maximum is 256
# characters)", "body is too long (maximum is 65536 characters)".
TITLE_MAX_CHARACTERS = 256
BODY_MAX_CHARACTERS = 65_536

_TITLE = re.compile(r"\s*# +(?P<title>[^\n]+?)[ \t]*#*[ \t]*(?:\n|$)")


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for.

    Attributes:
        title: one line, may be empty.
        body: markdown as written, without hidden text; line ends are `\\n`.
        source_path: the file that held it.
        base_dir: the folder that paths in the request are relative to.
    """

    title: str
    body: str
    source_path: Path
    base_dir: Path


def read_request(path: Path) -> Request:
    """Read a request from a markdown file.

    The first line may be `# Title`; the rest is the body, as an issue form renders it or free text.

    Raises:
        RequestError: the file is missing, empty, too long or not text.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise RequestError(
            f"There is no file {code(str(path))}.",
            "Name a markdown file that holds the request, for example `examples/issues/digits.md`.",
        ) from None
    except IsADirectoryError:
        raise RequestError(
            f"{code(str(path))} is a folder.",
            "Name the markdown file in it that holds the request.",
        ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(
            f"{code(str(path))} is not UTF-8 text: byte {error.start} is 0x{raw[error.start]:02x}.",
            "Save the request as UTF-8.",
        ) from None
    return parse_request(text, path)


def parse_request(text: str, path: Path) -> Request:
    """Take a request apart into title and body, and remove what a reader would not see.

    Raises:
        RequestError: nothing is left, or it is longer than GitHub allows.
    """
    if len(text) > BODY_MAX_CHARACTERS + TITLE_MAX_CHARACTERS:
        raise RequestError(
            f"The request has {len(text):,} characters; at most {BODY_MAX_CHARACTERS:,} are read.",
            "Shorten it; data belong in a file that the request names.",
        )
    text = visible(text)
    title = ""
    if match := _TITLE.match(text):
        title = match["title"].strip()
        text = text[match.end() :]
    if len(title) > TITLE_MAX_CHARACTERS:
        raise RequestError(
            f"The title has {len(title)} characters; at most {TITLE_MAX_CHARACTERS} are read.",
            "Shorten the first line.",
        )
    if not text.strip() and not title:
        raise RequestError(
            f"{code(str(path))} holds no request.",
            "Write what is to be recognised, from which data and on which board; "
            "`examples/issues/digits.md` shows the layout.",
        )
    return Request(title, text.strip() + "\n", path, path.parent)


def visible(text: str) -> str:
    """Remove what a reader of the rendered issue would not see, and normalise line ends.

    HTML comments go, an unclosed one to the end (as browsers read it), and with them control and
    format characters: zero-width ones, bidirectional overrides, tags.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co")
    )
    return re.sub(r"<!--.*?(?:-->|\Z)", "", kept, flags=re.DOTALL)
