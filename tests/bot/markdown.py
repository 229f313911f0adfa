"""What the texts are checked with: a parser of Markdown and a counter of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

ALLOWED_HTML = re.compile(
    r"(?:</?details>|<summary>[\w ,:'-]+</summary>|<!-- boardwright:key=[\w%/-]+ -->|\s)*"
)


def tokens(text: str) -> Iterator[Token]:
    """Yield every token, inline ones too."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in parser.parse(text):
        yield token
        yield from token.children or ()


def cells(row: str) -> int:
    """Count the cells of a table's row as GitHub does: at pipes that no backslash escapes."""
    return len(re.findall(r"(?<!\\)\|", row)) - 1


def check_tables(text: str) -> int:
    """Assert that the rows of each table have as many cells as its head; return how many tables."""
    tables = 0
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.fullmatch(r"\|(-+:?\|)+", line):
            tables += 1
            block = [lines[number - 1]]
            for row in lines[number + 1 :]:
                if not row.startswith("|"):
                    break
                block.append(row)
            assert {cells(row) for row in block} == {cells(line)}, block
    return tables


def check_harmless(text: str) -> None:
    """Assert that nothing from outside formats, links, mentions or hides in a text of ours."""
    found = list(tokens(text))
    html = "".join(token.content for token in found if token.type.startswith("html_"))
    assert html.count("<details>") == html.count("</details>")
    for token in found:
        if token.type in ("html_block", "html_inline"):
            assert ALLOWED_HTML.fullmatch(token.content), token.content
        assert token.type not in ("link_open", "s_open", "em_open"), token
        if token.type == "image":
            assert re.fullmatch(r"plots/\w+\.svg", str(token.attrs["src"])), token
        if token.type == "text":
            assert not re.search(r"@\w", token.content), token.content
            assert not re.search(r"https?://|www\.", token.content), token.content
            closing = re.fullmatch(r"Closes #\d+", token.content)
            assert closing or not re.search(r"#\d", token.content), token.content
