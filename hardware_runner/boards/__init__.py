"""The boards that firmware can be built for and run on, one module each."""

from __future__ import annotations

import difflib

from hardware_runner.board import Board
from hardware_runner.boards import (
    arduino_nano33ble,
    arduino_portenta_h7,
    esp32s3,
    host,
    mps2_an386,
    mps2_an500,
    mps2_an505,
    mps3_an547,
    netduinoplus2,
    nucleo_f446re,
    nucleo_h743zi,
    nucleo_l476rg,
    raspberry_pi_pico,
)
from hardware_runner.errors import UnknownBoard

BOARDS: dict[str, Board] = {
    module.BOARD.name: module.BOARD
    for module in (
        host,
        mps2_an386,
        mps2_an500,
        mps2_an505,
        mps3_an547,
        netduinoplus2,
        nucleo_f446re,
        nucleo_l476rg,
        nucleo_h743zi,
        arduino_nano33ble,
        arduino_portenta_h7,
        raspberry_pi_pico,
        esp32s3,
    )
}


def nearest_emulated(board: Board) -> Board | None:
    """Return an emulated board of the same core, for one that nothing here can run.

    The compiler makes the same code of model and kernels for both.
    """
    if board.runs_here:
        return None
    same = (b for b in BOARDS.values() if b.is_emulated and b.core == board.core)
    return next(same, None)


def find_board(name: str) -> Board:
    """Return the board of this name or alias; case, spaces and underscores do not matter.

    Raises:
        UnknownBoard: lists the boards and the nearest names.
    """
    wanted = "-".join(name.lower().replace("_", " ").split())
    by_name = {known: b for b in BOARDS.values() for known in (b.name, *b.aliases)}
    if wanted in by_name:
        return by_name[wanted]
    near = difflib.get_close_matches(wanted, by_name, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    listed = ", ".join(BOARDS)
    raise UnknownBoard(f"There is no board '{name}'.{hint} The boards are: {listed}.")
