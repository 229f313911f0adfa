"""Gear: how the boards of a bench are started, switched and metered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hardware_runner.attached import start_attached
from hardware_runner.bench import Place
from hardware_runner.board import Board
from hardware_runner.build import Firmware
from hardware_runner.energy import make_meter
from hardware_runner.energy.meter import EnergyMeter
from hardware_runner.errors import BenchError
from hardware_runner.machine import Machine
from hardware_runner.measure import start
from hardware_runner.power import make_switch
from hardware_runner.power.switch import Switch
from hardware_runner.tools.flasher import Image

EMULATED = "qemu"
"""The flasher of boards that are no things."""


def start_place(place: Place, board: Board, image: Image, firmware: Firmware) -> Machine:
    """Start the board of a place with a firmware in it, standing still where it can.

    Raises:
        BoardTrouble, ToolMissing.
    """
    if board.is_process:
        raise BenchError(
            f"The place {place.name} names the board {board.name}, a process of this machine: "
            "firmware of others would run unguarded. Take the place out of bench.toml."
        )
    if place.flasher == EMULATED:
        return start(board, firmware)
    return start_attached(place, board, image, firmware)


def switch_of(place: Place) -> Switch | None:
    """Return what switches the power of a place; None where it is emulated."""
    if place.flasher == EMULATED:
        return None
    return make_switch(place)


@dataclass(frozen=True, slots=True)
class Gear:
    """The three; tests bring their own."""

    start: Callable[[Place, Board, Image, Firmware], Machine] = start_place
    switch: Callable[[Place], Switch | None] = switch_of
    meter: Callable[[Place], EnergyMeter | None] = make_meter
