"""Every operator answers as TensorFlow Lite Micro does, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_compiler.operators import OPERATORS
from tests.model_compiler.batch import assert_equal, compiled, gather, needs_gcc, run_host
from tests.model_compiler.cases import MANY, STRATEGIES, Case
from tests.model_compiler.oracle import needs_oracle

pytestmark = [needs_oracle, needs_gcc]


def test_every_operator_is_tried() -> None:
    assert set(STRATEGIES) == {code.name for code in OPERATORS}


def test_a_few_of_each(tmp_path: Path) -> None:
    cases = [case for kind in STRATEGIES for case in gather(STRATEGIES[kind], 2)]
    taken, _ = compiled(cases)
    assert len(taken) > 1.5 * len(STRATEGIES)
    assert_equal(taken, run_host(taken, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("kind", STRATEGIES)
def test_many_of_each(kind: str, tmp_path: Path) -> None:
    cases = gather(STRATEGIES[kind], MANY[kind])
    taken, refused = compiled(cases)
    assert len(taken) > len(refused)
    answers = run_host(taken, tmp_path)
    assert len(set(answers)) > 64, "the answers are too alike to prove anything"
    assert_equal(taken, answers)


def test_a_wrong_answer_is_noticed(tmp_path: Path) -> None:
    taken, _ = compiled(gather(STRATEGIES["ADD"], 3))
    answers = bytearray(run_host(taken, tmp_path))
    answers[-1] ^= 1
    with pytest.raises(AssertionError, match="1 differ from TFLM"):
        assert_equal(taken, bytes(answers))


def test_cases_are_the_same_in_every_run() -> None:
    def models() -> list[bytes]:
        found: list[Case] = gather(STRATEGIES["CONV_2D"], 5)
        return [case.model for case in found]

    assert models() == models()
