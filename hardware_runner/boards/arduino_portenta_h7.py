"""Cortex-M7: Arduino Portenta H7 (STM32H747XI), its larger core, behind Arduino's boot loader."""

from __future__ import annotations

from hardware_runner.board import Board, UsbIds

BOARD = Board(
    name="arduino-portenta-h7",
    aliases=("portenta-h7", "portenta", "stm32h747"),
    title="Arduino Portenta H7 (STM32H747XI, its Cortex-M7)",
    core="Cortex-M7",
    part="STM32H747XI behind a boot loader",
    clock_hz=64_000_000,  # the HSI: which supply the core has is the boot loader's business
    flash_bytes=768 * 1024,
    ram_bytes=512 * 1024,  # AXI SRAM, through the data cache
    flash_origin=0x0804_0000,
    ram_origin=0x2400_0000,
    cpu_flags=("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"),
    support="arduino_portenta_h7.c",
    machine=None,
    timer_hz=64_000_000,
    verified="build-only",
    source="ST DS12930 (RAM, clock); RM0399 for the registers; Arduino mbed core, boards.txt "
    "(upload at 0x08040000, 786,432 bytes) and ABX00042 (pins: the serial line is D13 and D14)",
    timing="cycles",
    counter="DWT cycle counter, core clock from the HSI oscillator (1 % at 25 °C)",
    flasher="dfu-util",
    target="0x08040000",
    image="bin",
    usb=(UsbIds(0x2341, 0x035B), UsbIds(0x2341, 0x025B)),  # boot loader, application
    exports=("cmake", "arduino", "platformio", "zephyr"),
)
