"""Board: the description of one kind of board, real or emulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verified = Literal["hardware", "emulator", "host", "build-only"]


@dataclass(frozen=True, slots=True)
class Board:
    """What the build, the runner and the reader of a report must know of a board.

    Sizes are those of the real part, never of an emulator that has more. ``verified`` says the most
    that may be claimed for it.
    """

    name: str  # canonical: "mps2-an386"
    aliases: tuple[str, ...]  # "an386"
    title: str  # for people
    core: str  # "Cortex-M4F"; "host" for the process board
    part: str  # the real part: "MPS2 with FPGA image AN386"
    clock_hz: int  # 0 where it means nothing
    flash_bytes: int
    ram_bytes: int
    flash_origin: int
    ram_origin: int
    cpu_flags: tuple[str, ...]  # compiler flags that choose core and FPU
    support: str  # file in templates/firmware/boards/ with UART, timer and LED
    machine: str | None  # QEMU machine, None where it is not emulated
    timer_hz: int  # rate of the timer that support reads (in QEMU, its virtual rate); 0: none
    verified: Verified
    source: str  # where these figures come from
