"""Cortex-M7: Arm's MPS2 with FPGA image AN500, emulated."""

from __future__ import annotations

from hardware_runner.board import Board

BOARD = Board(
    name="mps2-an500",
    aliases=("an500", "cortex-m7", "m7"),
    title="Cortex-M7 on MPS2 (AN500), emulated",
    core="Cortex-M7",
    part="MPS2 with FPGA image AN500",
    clock_hz=25_000_000,
    flash_bytes=4 * 1024 * 1024,
    ram_bytes=4 * 1024 * 1024,
    flash_origin=0x0000_0000,
    ram_origin=0x2000_0000,
    # Single precision only: what every FPU option of the core executes.
    cpu_flags=("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    support="mps2.c",
    machine="mps2-an500",
    timer_hz=25_000_000,
    verified="emulator",
    source="Arm DAI 0500, memory map (ZBT SSRAM 1 and 2/3) and clocks; QEMU hw/arm/mps2.c",
    flasher="qemu",
    exports=("cmake",),
)
