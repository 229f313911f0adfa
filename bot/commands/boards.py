"""`boardwright boards`: the boards that can be named in a request."""

from __future__ import annotations

_LEGEND = """\
emulator: its firmware ran in QEMU, or for the Pico in rp2040js; both count work, not time.
build-only: firmware is built and weighed here, for a bench to measure; none was attached yet.
unverified: described and exported only; there is no compiler for it here."""


def boards() -> None:
    """List the boards that firmware can be built for and run on."""
    from rich.table import Table  # noqa: PLC0415

    from bot.console import PLAIN, output  # noqa: PLC0415
    from hardware_runner.boards import BOARDS  # noqa: PLC0415

    table = Table("name", "also called", "core", "part", "flash", "RAM", "verified\nby", **PLAIN)
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header not in ("also called", "part")
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
    output().print(table)
    output().print(_LEGEND, markup=False, highlight=False)


def _kilobytes(size: int) -> str:
    return f"{size / 1024:,.0f} KB" if size else "-"
