"""Cortex-M4F: the Netduino Plus 2 (STM32F405RG), emulated with the sizes of the real part."""

from __future__ import annotations

from hardware_runner.board import Board

BOARD = Board(
    name="netduinoplus2",
    aliases=("stm32f405", "f405", "netduino"),
    title="Netduino Plus 2 (STM32F405RG, Cortex-M4F), emulated",
    core="Cortex-M4F",
    part="STM32F405RG",
    clock_hz=168_000_000,
    flash_bytes=1024 * 1024,
    ram_bytes=128 * 1024,  # SRAM1 and SRAM2, contiguous; the 64 KB of CCM are not used
    flash_origin=0x0800_0000,
    ram_origin=0x2000_0000,
    cpu_flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    support="stm32f405.c",
    machine="netduinoplus2",
    timer_hz=25_000_000,
    verified="emulator",
    source="ST DS8626, table 2 (flash, RAM, clock) and section 5 (memory map); "
    "timer: QEMU hw/arm/stm32f405_soc.c, 1 GHz, divided by 40 in stm32f405.c",
    flasher="qemu",
    exports=("cmake", "platformio"),
)
