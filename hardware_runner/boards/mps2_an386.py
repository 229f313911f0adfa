"""Cortex-M4F: Arm's MPS2 with FPGA image AN386, emulated."""

from __future__ import annotations

from hardware_runner.board import Board

BOARD = Board(
    name="mps2-an386",
    aliases=("an386", "cortex-m4", "cortex-m4f", "m4"),
    title="Cortex-M4F on MPS2 (AN386), emulated",
    core="Cortex-M4F",
    part="MPS2 with FPGA image AN386",
    clock_hz=25_000_000,
    flash_bytes=4 * 1024 * 1024,
    ram_bytes=4 * 1024 * 1024,
    flash_origin=0x0000_0000,
    ram_origin=0x2000_0000,
    cpu_flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    support="mps2.c",
    machine="mps2-an386",
    timer_hz=25_000_000,
    verified="emulator",
    source="Arm DAI 0386, memory map (ZBT SSRAM 1 and 2/3) and clocks; QEMU hw/arm/mps2.c",
    flasher="qemu",
    exports=("cmake",),
)
