"""Tools that write firmware into boards, one module each."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from hardware_runner.bench import Place
from hardware_runner.board import Board
from hardware_runner.errors import UnknownTool
from hardware_runner.tools import (
    arduino_cli,
    avrdude,
    bossac,
    dfu_util,
    esptool,
    openocd,
    picotool,
    pyocd,
    qemu,
    stm32flash,
    uf2,
)
from hardware_runner.tools.flasher import Flasher

TOOLS: dict[str, Callable[[Place, Board], Flasher]] = {
    "arduino-cli": arduino_cli.make,
    "avrdude": avrdude.make,
    "bossac": bossac.make,
    "dfu-util": dfu_util.make,
    "esptool": esptool.make,
    "openocd": openocd.make,
    "picotool": picotool.make,
    "pyocd": pyocd.make,
    "qemu": qemu.make,
    "stm32flash": stm32flash.make,
    "uf2": uf2.make,
}


def make_flasher(place: Place, board: Board) -> Flasher:
    """Return the tool that writes into the board of a place.

    Raises:
        UnknownTool: bench.toml names none that exists.
        BenchError: it cannot be told which board it is to write into.
    """
    name = place.flasher.lower().replace("_", "-")
    if name not in TOOLS:
        near = difflib.get_close_matches(name, TOOLS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UnknownTool(
            f"The place {place.name!r} names the flasher {place.flasher!r}, which does not "
            f"exist.{hint} There are: {', '.join(TOOLS)}."
        )
    return TOOLS[name](place, board)
