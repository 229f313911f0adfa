"""The filter, run by a small machine of our own: what it answers for each call."""

from __future__ import annotations

import errno
import struct

import pytest

from bot.sandbox import seccomp

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
X86_64, AARCH64 = 0xC000003E, 0xC00000B7
MACHINES = {"x86_64": (X86_64, 0), "aarch64": (AARCH64, 1)}


def verdict(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """Interpret the program on one call."""
    given = [*arguments, *(0,) * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number, audit or MACHINES[machine][0], 0, *given)
    lines = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    at, value = 0, 0
    while True:
        code, if_true, if_false, constant = lines[at]
        at += 1
        if code == 0x06:
            return int(constant)
        if code == 0x20:
            value = struct.unpack_from("=I", data, constant)[0]
            continue
        holds = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}
        at += if_true if holds[code] else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_listed_is_refused_and_nothing_else(machine: str) -> None:
    column = MACHINES[machine][1]
    listed = {pair[column] for pair in seccomp.DENIED.values()} - {None}
    special = {435}  # clone3
    for number in range(500):
        expected = ERRNO | errno.EPERM if number in listed else ALLOW
        if number in special:
            expected = ERRNO | errno.ENOSYS
        socket = 41 if machine == "x86_64" else 198
        if number == socket:
            expected = ERRNO | errno.EPERM  # family 0
        assert verdict(machine, number) == expected, number


@pytest.mark.parametrize(
    ("machine", "clone", "socket"), [("x86_64", 56, 41), ("aarch64", 220, 198)]
)
def test_arguments_decide_where_they_must(machine: str, clone: int, socket: int) -> None:
    assert verdict(machine, clone, 0x11) == ALLOW
    assert verdict(machine, clone, 0x10000011) == ERRNO | errno.EPERM
    assert verdict(machine, socket, 1) == ALLOW
    for family in (2, 10, 16, 17):
        assert verdict(machine, socket, family) == ERRNO | errno.EPERM


def test_other_interfaces_to_the_kernel_are_closed() -> None:
    assert verdict("x86_64", 1, audit=0x40000003) == KILL  # 32-bit
    assert verdict("x86_64", 0x40000001) == ERRNO | errno.EPERM  # x32


def test_unknown_machines_have_no_filter() -> None:
    assert not seccomp.supported("riscv64")
