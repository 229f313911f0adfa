"""The firmware as a process of this machine: the fastest board, which says nothing about cost."""

from __future__ import annotations

from hardware_runner.board import Board

BOARD = Board(
    name="host",
    aliases=("process", "native"),
    title="this machine, the firmware as a process",
    core="host",
    part="this machine",
    clock_hz=0,
    flash_bytes=0,
    ram_bytes=0,
    flash_origin=0,
    ram_origin=0,
    cpu_flags=(),
    support="host.c",
    machine=None,
    timer_hz=0,
    verified="host",
    source="no figures: sizes and costs of a process are not those of a board",
    timing="none",
)
