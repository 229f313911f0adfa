"""Damaged models are refused with a ModelError; those that compile stay within their memory."""

from __future__ import annotations

import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_compiler import ModelError, compile_model, load_model
from model_compiler.compiled import CompiledModel
from tests.model_compiler.batch import SANITIZED, Compiled, gather, needs_gcc, run_host, sound_model
from tests.model_compiler.cases import STRATEGIES, Case
from tests.model_compiler.networks import networks

_MEMORY_BYTES = 200_000_000
_EXTREMES = (0, 1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)

quickly = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
thoroughly = settings(quickly, max_examples=2000)


_NETWORKS = 4


@cache
def sound_models() -> tuple[bytes, ...]:
    """Return the models to damage; made by the process that first needs them."""
    models = [sound_model(kind) for kind in STRATEGIES]
    return (*models, *(case.model for case in gather(networks(), _NETWORKS)))


def attempt(data: bytes, name: str = "m") -> CompiledModel | None:
    """Compile what may be damaged; None where it is refused."""
    try:
        return compile_model(load_model(data), name=name)
    except ModelError as refusal:
        assert str(refusal)
        return None


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a sound model with bytes flipped, words replaced, parts moved or cut off."""
    model = bytearray(draw(st.sampled_from(sound_models())))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(model) - 1))
        kind = draw(st.sampled_from(["byte", "byte", "word", "word", "offset", "splice", "cut"]))
        if kind == "byte":
            model[place] = draw(st.integers(0, 255))
        elif kind == "word":
            place &= ~3
            value = draw(st.one_of(st.sampled_from(_EXTREMES), st.integers(0, 2**32 - 1)))
            model[place : place + 4] = value.to_bytes(4, "little")
        elif kind == "offset":
            place &= ~3
            old = int.from_bytes(model[place : place + 4], "little")
            value = (old + draw(st.integers(-64, 64))) % 2**32
            model[place : place + 4] = value.to_bytes(4, "little")
        elif kind == "splice":
            source = draw(st.integers(0, len(model) - 1))
            length = draw(st.integers(1, 64))
            model[place : place + length] = model[source : source + length]
        else:
            del model[max(place, 16) :]
    return bytes(model)


@pytest.mark.parametrize("number", range(len(STRATEGIES) + _NETWORKS))
def test_the_models_to_damage_are_sound(number: int) -> None:
    assert attempt(sound_models()[number]) is not None


def test_every_truncation_is_refused() -> None:
    model = min(sound_models(), key=len)
    sound = [length for length in range(len(model)) if attempt(model[:length]) is not None]
    assert sound == []


@quickly
@given(st.binary(max_size=400))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert attempt(data) is None


@quickly
@given(st.binary(max_size=400))
def test_random_bytes_behind_the_identifier_are_refused(data: bytes) -> None:
    assert attempt(b"\x10\0\0\0TFL3" + data) is None


@quickly
@given(damaged())
def test_damage_is_refused_or_harmless(data: bytes) -> None:
    attempt(data)


@pytest.mark.slow
@thoroughly
@given(damaged())
def test_much_damage_is_refused_or_harmless(data: bytes) -> None:
    attempt(data)


@pytest.mark.slow
def test_every_byte_of_a_small_model() -> None:
    model = min(sound_models(), key=len)
    for place in range(len(model)):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            attempt(model[:place] + bytes([value]) + model[place + 1 :])


def test_memory_is_bounded() -> None:
    """Try small files that claim billions of elements."""
    model = min(sound_models(), key=len)
    tracemalloc.start()
    try:
        for place in range(0, len(model) - 3, 4):
            for value in (2**31 - 1, 2**30, 2**24):
                attempt(model[:place] + value.to_bytes(4, "little") + model[place + 4 :])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _MEMORY_BYTES


@pytest.mark.slow
@needs_gcc
def test_damaged_models_that_compile_run_clean(tmp_path: Path) -> None:
    """Compile damaged models that were taken, and run them under the sanitizers."""
    taken: list[Compiled] = []

    @settings(thoroughly, derandomize=True, database=None)
    @given(damaged())
    def collect(data: bytes) -> None:
        output = attempt(data, f"m{len(taken)}")
        if output is None or data in sound_models() or output.summary.arena_bytes > 1 << 20:
            return
        if len(taken) < 80:
            taken.append(Compiled(_case(data, output), dict(output.files)))

    collect()
    assert len(taken) > 40
    run_host(taken, tmp_path, SANITIZED)


def _case(data: bytes, output: CompiledModel) -> Case:
    random = np.random.default_rng(len(data))
    inputs = tuple(
        random.integers(0, 256, port.nbytes, dtype=np.uint8) for port in output.summary.inputs
    )
    return Case("damaged", data, (inputs,), len(output.summary.outputs))
