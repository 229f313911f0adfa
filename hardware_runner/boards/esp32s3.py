"""Xtensa LX7: Espressif's ESP32-S3. Described and exported; its compiler is not ours to run."""

from __future__ import annotations

from hardware_runner.board import Board, UsbIds

BOARD = Board(
    name="esp32s3",
    aliases=("esp32-s3", "esp32-s3-devkitc-1"),
    title="ESP32-S3-DevKitC-1 (ESP32-S3, Xtensa LX7)",
    core="Xtensa LX7",
    part="ESP32-S3 with 8 MB of flash",
    clock_hz=240_000_000,
    flash_bytes=1500 * 1024,  # the application in ESP-IDF's table for one large program
    ram_bytes=320 * 1024,  # what of the 512 KB the linker of ESP-IDF gives to data
    flash_origin=0x4200_0000,
    ram_origin=0x3FC8_8000,
    cpu_flags=("-mlongcalls",),
    support="",
    machine=None,
    timer_hz=240_000_000,
    verified="unverified",
    source="Espressif ESP32-S3 datasheet v1.9 (memory, clock) and TRM, chapter System and Memory; "
    "ESP-IDF, partitions_singleapp_large.csv",
    timing="cycles",
    counter="CCOUNT, core clock from the 40 MHz crystal",
    flasher="esptool",
    target="esp32s3",
    image="bin",
    usb=(UsbIds(0x303A, 0x1001),),  # USB-Serial-JTAG
    exports=("esp-idf", "arduino", "platformio"),
)
