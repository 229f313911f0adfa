"""`boardwright boards`: the boards that can be named in a request."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def boards() -> None:
    """List the boards that firmware can be built for and run on."""
    from hardware_runner.boards import BOARDS  # noqa: PLC0415

    table = Table("name", "also called", "core", "part", "flash", "RAM", "verified by")
    for board in BOARDS.values():
        table.add_row(
            board.name,
            ", ".join(board.aliases),
            board.core,
            board.part,
            _kilobytes(board.flash_bytes),
            _kilobytes(board.ram_bytes),
            board.verified,
        )
    Console().print(table)


def _kilobytes(size: int) -> str:
    return f"{size / 1024:,.0f} KB" if size else "-"
