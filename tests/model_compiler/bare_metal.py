"""The smallest firmware around compiled models: start, run all cases, send answers over the UART.

Source: Arm DDI 0479 (CMSDK UART) section 4.3, Arm DAI 0386, DAI 0505 and DAI 0547 (memory maps),
nRF51 Series Reference Manual 3.0, section 29 (UART).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.model_compiler.batch import STRICT, Compiled, write_sources
from tests.model_compiler.objects import build, build_program

GCC = "arm-none-eabi-gcc"
QEMU = "qemu-system-arm"

needs_target = pytest.mark.skipif(
    shutil.which(GCC) is None or shutil.which(QEMU) is None,
    reason=f"{GCC} or {QEMU} is not installed",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A machine of QEMU, and how to write a byte there."""

    machine: str
    cpu_flags: tuple[str, ...]
    flash: tuple[int, int]  # origin, bytes
    ram: tuple[int, int]
    uart_on: str  # C statements
    uart_write: str  # C statements that send `byte`


def _word(address: int) -> str:
    return f"*(volatile uint32_t *)0x{address:x}u"


def _cmsdk(base: int) -> dict[str, str]:
    register = f"((volatile uint32_t *)0x{base:x}u)"
    return {
        "uart_on": f"{register}[4] = 16u; {register}[2] = 1u;",
        "uart_write": f"while ({register}[1] & 1u) {{ }} {register}[0] = byte;",
    }


_M4 = ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
TARGETS = {
    "cortex-m0": Target(
        "microbit",
        ("-mcpu=cortex-m0",),
        (0x0, 0x40000),
        (0x2000_0000, 0x4000),
        uart_on=f"{_word(0x4000_2500)} = 4u; {_word(0x4000_2008)} = 1u;",
        uart_write=(
            f"{_word(0x4000_211C)} = 0u; {_word(0x4000_251C)} = byte;"
            f" while ({_word(0x4000_211C)} == 0u) {{ }}"
        ),
    ),
    "cortex-m4": Target(
        "mps2-an386", _M4, (0x0, 0x40_0000), (0x2000_0000, 0x40_0000), **_cmsdk(0x4000_4000)
    ),
    "cortex-m33": Target(
        "mps2-an505",
        ("-mcpu=cortex-m33", "-mfloat-abi=hard"),
        (0x1000_0000, 0x40_0000),
        (0x3800_0000, 0x40_0000),
        **_cmsdk(0x5020_0000),
    ),
    "cortex-m55": Target(
        "mps3-an547",
        ("-mcpu=cortex-m55", "-mfloat-abi=hard"),
        (0x0, 0x8_0000),
        (0x2000_0000, 0x8_0000),
        **_cmsdk(0x4930_3000),
    ),
}

_START = """\
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
void test_send(const void *bytes, uint32_t size);
int8_t *test_arena(uint32_t size);
void test_release(int8_t *arena);
int test_main(void);
void test_reset(void);
void test_fault(void);
static int8_t arena[ARENA_BYTES] __attribute__((aligned(16)));
void test_send(const void *bytes, uint32_t size)
{
    const uint8_t *from = bytes;
    while (size-- > 0) {
        const uint8_t byte = *from++;
        UART_WRITE
    }
}
int8_t *test_arena(uint32_t size)
{
    return size <= sizeof arena ? arena : 0;
}
void test_release(int8_t *used)
{
    (void)used;
}
void test_fault(void)
{
    test_send("FAULT", 5);
    for (;;) {
    }
}
void test_reset(void)
{
    if (HAS_FPU) {
        *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
        __asm__ volatile("dsb\\n\\tisb" ::: "memory");
    }
    UART_ON
    test_send(test_main() == 0 ? "READY" : "WRONG", 5);
    for (;;) {
    }
}
typedef void vector(void);
__attribute__((section(".vectors"), used)) static vector *const vectors[15] = {
    test_reset, test_fault, test_fault, test_fault, test_fault,
    test_fault, /* all of it behind the stack pointer, which the linker places */
};
"""

_SCRIPT = """\
ENTRY(test_reset)
MEMORY {{ FLASH (rx) : ORIGIN = {flash[0]}, LENGTH = {flash[1]}
         RAM (rwx) : ORIGIN = {ram[0]}, LENGTH = {ram[1]} }}
SECTIONS {{
    .text : {{ LONG(test_stack_end) KEEP(*(.vectors)) *(.text*) *(.rodata*) }} > FLASH
    .ARM.exidx : {{ *(.ARM.exidx*) }} > FLASH
    .data : {{ *(.data*) }} > RAM
    .bss (NOLOAD) : {{ *(.bss*) *(COMMON) }} > RAM
    test_stack_end = ORIGIN(RAM) + LENGTH(RAM);
    ASSERT(SIZEOF(.data) == 0, "there is data that nobody copies")
}}
"""


def run_target(
    target: Target,
    taken: Sequence[Compiled],
    folder: Path,
    arena_bytes: int,
    optimisation: str = "-O2",
) -> bytes:
    """Build the firmware, run it in QEMU without semihosting, and return the cases' answers."""
    script = folder / "link.ld"
    script.write_text(_SCRIPT.format(flash=target.flash, ram=target.ram))
    start = folder / "start.c"
    start.write_text(
        _START.replace("UART_ON", target.uart_on).replace("UART_WRITE", target.uart_write)
    )
    elf = folder / "firmware.elf"
    flags = ("-mthumb", *target.cpu_flags, optimisation, "-ffunction-sections", "-fdata-sections")
    defines = (f"-DARENA_BYTES={arena_bytes}", f"-DHAS_FPU={int('hard' in str(target.cpu_flags))}")
    sources = write_sources(taken, folder)
    build([GCC, *flags, *STRICT, "-c", *defines, "-o", str(folder / "start.o"), str(start)])
    link = ("-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", f"-T{script}")
    build_program([GCC, *flags, *STRICT], [folder / "start.o", *sources], elf, link)
    return _answers(target, elf)


def _answers(target: Target, elf: Path) -> bytes:
    command = [
        *(QEMU, "-machine", target.machine, "-nodefaults", "-display", "none", "-monitor", "none"),
        *("-serial", "stdio", "-kernel", str(elf)),
    ]
    with (
        elf.with_suffix(".log").open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdout is not None
        received = b""
        try:
            while not received.endswith((b"READY", b"WRONG", b"FAULT")):
                chunk = os.read(process.stdout.fileno(), 65536)
                assert chunk, f"QEMU ended: {received[-500:]!r}"
                received += chunk
        finally:
            process.kill()
    assert received.endswith(b"READY"), f"the firmware failed: {received[-20:]!r}"
    return received[:-5]
