"""Board: the description of one kind of board, real or emulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verified = Literal["hardware", "emulator", "host", "build-only", "unverified"]
"""The most that is known: it ran on the part, in an emulator, as a process; it builds; nothing."""

Timing = Literal["instructions", "cycles", "microseconds", "none"]
"""What the timer of the support file stands for: an emulator's virtual time, a cycle counter of the
core, a timer of known rate, or nothing."""

ImageKind = Literal["elf", "bin", "hex", "uf2"]


@dataclass(frozen=True, slots=True)
class UsbIds:
    """Vendor and product by which a board or its probe shows itself on USB."""

    vendor: int
    product: int

    def __str__(self) -> str:
        return f"{self.vendor:04x}:{self.product:04x}"


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
    timing: Timing = "instructions"
    flasher: str = (
        ""  # module of hardware_runner/tools/ that is used unless bench.toml says another
    )
    target: str = (
        ""  # what that tool calls the part: "stm32f446re", "esp32s3", "arduino:mbed_nano:nano33ble"
    )
    image: ImageKind = "elf"  # what that tool takes
    usb: tuple[UsbIds, ...] = ()  # how it shows itself, its probe included
    exports: tuple[str, ...] = ()  # what `boardwright export --as` offers for it
