"""Cortex-M33: Arm's MPS2+ with FPGA image AN505 (SSE-200), emulated."""

from __future__ import annotations

from hardware_runner.board import Board

BOARD = Board(
    name="mps2-an505",
    aliases=("an505", "cortex-m33", "m33"),
    title="Cortex-M33 on MPS2+ (AN505), emulated",
    core="Cortex-M33",
    part="MPS2+ with FPGA image AN505",
    clock_hz=20_000_000,
    flash_bytes=4 * 1024 * 1024,
    ram_bytes=4 * 1024 * 1024,
    flash_origin=0x1000_0000,
    ram_origin=0x3800_0000,
    cpu_flags=("-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
    support="an505.c",
    machine="mps2-an505",
    timer_hz=20_000_000,
    verified="emulator",
    source="Arm DAI 0505, memory map (SSRAM1, SSRAM2 and 3, secure aliases) and clocks; "
    "QEMU hw/arm/mps2-tz.c",
    flasher="qemu",
    exports=("cmake",),
)
