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

Simulator = Literal["", "rp2040js"]
"""What runs a part cycle by cycle where QEMU has no machine of it; "" where nothing does."""


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
    machine: str | None  # QEMU machine, None where QEMU does not emulate it
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
    counter: str = ""  # what counts time on the part, for people: "DWT cycle counter, HSI ±1 %"
    simulator: Simulator = ""
    uf2_family: int = 0  # what a UF2 file for it is marked with; 0: it takes none

    @property
    def is_process(self) -> bool:
        """Say whether it is a process of this machine, without flash and RAM of its own."""
        return self.core == "host"

    @property
    def is_emulated(self) -> bool:
        """Say whether an emulator runs its firmware, whatever else may."""
        return self.machine is not None or self.simulator != ""

    @property
    def runs_here(self) -> bool:
        """Say whether its firmware can run without a bench."""
        return self.is_process or self.is_emulated

    @property
    def is_built_here(self) -> bool:
        """Say whether there is a compiler and a support file for it."""
        return self.verified != "unverified"
