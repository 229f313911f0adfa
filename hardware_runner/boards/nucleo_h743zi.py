"""Cortex-M7: ST's Nucleo-H743ZI (STM32H743ZI)."""

from __future__ import annotations

from hardware_runner.board import Board, UsbIds

BOARD = Board(
    name="nucleo-h743zi",
    aliases=("h743zi", "h743", "stm32h743", "stm32h743zi", "nucleo-h743zi2"),
    title="Nucleo-H743ZI (STM32H743ZI, Cortex-M7)",
    core="Cortex-M7",
    part="STM32H743ZI",
    clock_hz=400_000_000,  # what every revision reaches; later ones may run at 480 MHz
    flash_bytes=2 * 1024 * 1024,
    ram_bytes=512 * 1024,  # AXI SRAM, through the data cache
    flash_origin=0x0800_0000,
    ram_origin=0x2400_0000,
    cpu_flags=("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"),
    support="nucleo_h743zi.c",
    machine=None,
    timer_hz=400_000_000,
    verified="build-only",
    source="ST DS12110 (flash, RAM, clock); RM0433 for the registers; UM1974 for the pins",
    timing="cycles",
    counter="DWT cycle counter, core clock from the HSI oscillator (1 % at 25 °C)",
    flasher="openocd",
    target="stm32h7x",
    usb=(UsbIds(0x0483, 0x374B), UsbIds(0x0483, 0x374E)),  # ST-LINK/V2-1, STLINK-V3 (ZI2)
    exports=("cmake", "platformio", "zephyr"),
)
