"""Cortex-M4F: ST's Nucleo-F446RE (STM32F446RE)."""

from __future__ import annotations

from hardware_runner.board import Board, UsbIds

BOARD = Board(
    name="nucleo-f446re",
    aliases=("f446re", "f446", "stm32f446", "stm32f446re"),
    title="Nucleo-F446RE (STM32F446RE, Cortex-M4F)",
    core="Cortex-M4F",
    part="STM32F446RE",
    clock_hz=168_000_000,  # the part reaches 180 MHz in over-drive, which is not used
    flash_bytes=512 * 1024,
    ram_bytes=128 * 1024,
    flash_origin=0x0800_0000,
    ram_origin=0x2000_0000,
    cpu_flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    support="nucleo_f446re.c",
    machine=None,
    timer_hz=168_000_000,
    verified="build-only",
    source="ST DS10693 (flash, RAM, clock); RM0390 for the registers; UM1724 for the pins",
    timing="cycles",
    counter="DWT cycle counter, core clock from the HSI oscillator (1 % at 25 °C)",
    flasher="openocd",
    target="stm32f4x",
    usb=(UsbIds(0x0483, 0x374B),),  # ST-LINK/V2-1
    exports=("cmake", "platformio", "zephyr"),
)
