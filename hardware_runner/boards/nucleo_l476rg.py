"""Cortex-M4F: ST's Nucleo-L476RG (STM32L476RG)."""

from __future__ import annotations

from hardware_runner.board import Board, UsbIds

BOARD = Board(
    name="nucleo-l476rg",
    aliases=("l476rg", "l476", "stm32l476", "stm32l476rg"),
    title="Nucleo-L476RG (STM32L476RG, Cortex-M4F)",
    core="Cortex-M4F",
    part="STM32L476RG",
    clock_hz=80_000_000,
    flash_bytes=1024 * 1024,
    ram_bytes=96 * 1024,  # SRAM1; the 32 KB of SRAM2 lie elsewhere and are not used
    flash_origin=0x0800_0000,
    ram_origin=0x2000_0000,
    cpu_flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    support="nucleo_l476rg.c",
    machine=None,
    timer_hz=80_000_000,
    verified="build-only",
    source="ST DS10198 (flash, RAM, clock); RM0351 for the registers; UM1724 for the pins",
    timing="cycles",
    counter="DWT cycle counter, core clock from the MSI oscillator (1 % at 30 °C)",
    flasher="openocd",
    target="stm32l4x",
    usb=(UsbIds(0x0483, 0x374B),),  # ST-LINK/V2-1
    exports=("cmake", "platformio", "zephyr"),
)
