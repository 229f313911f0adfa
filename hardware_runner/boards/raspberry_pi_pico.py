"""Cortex-M0+: Raspberry Pi Pico (RP2040)."""

from __future__ import annotations

from hardware_runner.board import Board, UsbIds

BOARD = Board(
    name="raspberry-pi-pico",
    aliases=("pico", "rp2040", "rpi-pico", "cortex-m0plus", "m0plus"),
    title="Raspberry Pi Pico (RP2040, Cortex-M0+)",
    core="Cortex-M0+",
    part="RP2040 with 2 MB of flash",
    clock_hz=125_000_000,
    flash_bytes=2 * 1024 * 1024,
    ram_bytes=256 * 1024,  # the striped banks; the 8 KB of banks 4 and 5 are not used
    flash_origin=0x1000_0000,
    ram_origin=0x2000_0000,
    cpu_flags=("-mcpu=cortex-m0plus", "-mthumb"),
    support="raspberry_pi_pico.c",
    machine=None,
    timer_hz=125_000_000,
    verified="emulator",
    source="RP2040 datasheet, sections 2.6 (memory), 2.8.1 (boot), 2.15 (clocks), 4.2 (UART), "
    "4.6 (timer); Pico datasheet for the pins",
    timing="cycles",
    counter="SysTick, extended by the 64-bit timer, core clock from the 12 MHz crystal, flash read "
    "over one line",
    flasher="picotool",
    target="rp2040",
    image="uf2",
    usb=(UsbIds(0x2E8A, 0x0003), UsbIds(0x2E8A, 0x000C)),  # boot ROM, Debug Probe
    exports=("cmake", "pico-sdk", "arduino", "platformio", "zephyr"),
    simulator="rp2040js",
    uf2_family=0xE48B_FF56,
)
