"""The special forms of kernels are chosen where they are meant to be, and answer as TFLM does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.model_compiler.bare_metal import TARGETS, needs_target, run_target
from tests.model_compiler.batch import (
    KERNEL_SETS,
    SANITIZED,
    Compiled,
    assert_equal,
    compiled,
    gather,
    needs_gcc,
    run_host,
)
from tests.model_compiler.oracle import needs_oracle
from tests.model_compiler.special_cases import SPECIAL

pytestmark = [needs_oracle, needs_gcc, pytest.mark.slow]

CASES = 60
ARENA_BYTES = 8 * 1024


def special(kernel: str, count: int) -> list[Compiled]:
    """Return cases, most of which call the kernel by its special name."""
    taken, refused = compiled(gather(SPECIAL[kernel], count))
    assert len(taken) > 0.8 * count, refused
    calls = [
        any(re.search(rf" {kernel}(_relu)?\(&", text) for text in item.files.values())
        for item in taken
    ]
    assert sum(calls) > 0.6 * count
    return taken


@pytest.mark.parametrize("kernel_set", KERNEL_SETS)
@pytest.mark.parametrize("kernel", SPECIAL)
def test_answers(kernel: str, kernel_set: str, tmp_path: Path) -> None:
    taken = special(kernel, CASES)
    answers = run_host(taken, tmp_path, (*SANITIZED, *KERNEL_SETS[kernel_set]))
    assert len(set(answers)) > 64, "the answers are too alike to prove anything"
    assert_equal(taken, answers)


def arena_bytes(item: Compiled) -> int:
    """Return the arena's size from the header."""
    found = re.search(r"_ARENA_BYTES (\d+)", "".join(item.files.values()))
    assert found is not None
    return int(found[1])


@needs_target
@pytest.mark.parametrize("core", TARGETS)
@pytest.mark.parametrize("kernel", SPECIAL)
def test_answers_on_target(kernel: str, core: str, tmp_path: Path) -> None:
    taken = [item for item in special(kernel, 16) if arena_bytes(item) <= ARENA_BYTES]
    assert len(taken) > 4
    assert_equal(taken, run_target(TARGETS[core], taken, tmp_path, ARENA_BYTES))
