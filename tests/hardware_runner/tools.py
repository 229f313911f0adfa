"""Marks for tests that need a program."""

from __future__ import annotations

import shutil

import pytest


def _needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


needs_gcc = _needs("gcc")
needs_arm_gcc = _needs("arm-none-eabi-gcc")
needs_qemu = _needs("qemu-system-arm")
