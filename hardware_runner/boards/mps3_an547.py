"""Cortex-M55: Arm's MPS3 with FPGA image AN547 (Corstone SSE-300), emulated."""

from __future__ import annotations

from hardware_runner.board import Board

BOARD = Board(
    name="mps3-an547",
    aliases=("an547", "cortex-m55", "m55"),
    title="Cortex-M55 on MPS3 (AN547), emulated",
    core="Cortex-M55",
    part="MPS3 with FPGA image AN547",
    clock_hz=32_000_000,
    flash_bytes=512 * 1024,
    ram_bytes=512 * 1024,
    flash_origin=0x0000_0000,
    ram_origin=0x3000_0000,
    cpu_flags=("-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"),
    support="mps3.c",
    machine="mps3-an547",
    timer_hz=32_000_000,
    verified="emulator",
    source="Arm DAI 0547, memory map (ITCM, DTCM, secure) and clocks; QEMU hw/arm/mps2-tz.c",
    flasher="qemu",
    exports=("cmake",),
)
