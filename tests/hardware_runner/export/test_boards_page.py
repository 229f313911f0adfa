"""docs/boards.md says of every board and export what the code says, and no more."""

from __future__ import annotations

from pathlib import Path

from hardware_runner.boards import BOARDS
from hardware_runner.export import EXPORTERS

PAGE = Path(__file__).parents[3] / "docs/boards.md"


def table() -> str:
    rows = [("board", "part", "firmware", *EXPORTERS)]
    for board in BOARDS.values():
        cells = [
            EXPORTERS[kind].seen(board).split()[-1] if kind in board.exports else ""
            for kind in EXPORTERS
        ]
        rows.append((f"`{board.name}`", board.part, board.verified, *cells))
    rows.insert(1, ("---",) * len(rows[0]))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_page_holds_the_table_of_the_code() -> None:
    assert table() in PAGE.read_text(), f"docs/boards.md should hold:\n{table()}"


def test_the_page_explains_every_word_of_the_table() -> None:
    text = PAGE.read_text()
    words = {word for row in table().splitlines()[2:] for word in row.split(" | ")[2:]}
    for word in {word.strip(" |") for word in words} - {""}:
        assert f"**{word}**" in text
