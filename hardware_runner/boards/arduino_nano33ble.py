"""Cortex-M4F: Arduino Nano 33 BLE and BLE Sense (nRF52840), behind Arduino's boot loader."""

from __future__ import annotations

from hardware_runner.board import Board, UsbIds

BOOT_LOADER_BYTES = 64 * 1024

BOARD = Board(
    name="arduino-nano33ble",
    aliases=("nano33ble", "nano33", "nano-33-ble", "nano-33-ble-sense", "nrf52840"),
    title="Arduino Nano 33 BLE (Sense) (nRF52840, Cortex-M4F)",
    core="Cortex-M4F",
    part="nRF52840 behind a boot loader",
    clock_hz=64_000_000,
    flash_bytes=1024 * 1024 - BOOT_LOADER_BYTES,
    ram_bytes=256 * 1024,
    flash_origin=BOOT_LOADER_BYTES,
    ram_origin=0x2000_0000,
    cpu_flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    support="arduino_nano33ble.c",
    machine=None,
    timer_hz=64_000_000,
    verified="build-only",
    source="Nordic nRF52840 PS v1.7 (memory, clock, registers); Arduino ABX00031 (pins; the "
    "serial line is D0 and D1: USB would need a stack); Arduino mbed core, boards.txt "
    "(upload at 0x10000)",
    timing="cycles",
    counter="DWT cycle counter, core clock from the 32 MHz crystal",
    flasher="bossac",
    target="0x10000",
    image="bin",
    usb=(UsbIds(0x2341, 0x005A), UsbIds(0x2341, 0x805A)),  # boot loader, application
    exports=("cmake", "arduino", "platformio", "zephyr"),
    uf2_family=0xADA5_2840,
)
