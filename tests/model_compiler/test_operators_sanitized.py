"""The C of every operator runs clean under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.model_compiler.batch import (
    KERNEL_SETS,
    SANITIZED,
    assert_equal,
    compiled,
    gather,
    needs_gcc,
    run_host,
)
from tests.model_compiler.cases import STRATEGIES
from tests.model_compiler.networks import networks
from tests.model_compiler.oracle import needs_oracle

pytestmark = [needs_gcc, pytest.mark.slow]


@pytest.fixture(autouse=True, scope="module")
def _sanitizers(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where gcc came without the sanitizers, and see them work where it has them."""
    folder = tmp_path_factory.mktemp("sanitizers")
    source = folder / "overrun.c"
    source.write_text(
        "int main(int n, char **v) { (void)v; int a[2] = {1, 2}; return a[n + 1] == 7; }\n"
    )
    program = folder / "overrun"
    build = subprocess.run(["gcc", *SANITIZED, "-o", program, source], check=False)
    if build.returncode != 0:
        pytest.skip("gcc has no address and undefined behaviour sanitizers here")
    assert subprocess.run([program], check=False, capture_output=True).returncode != 0


@pytest.mark.parametrize("kernel_set", KERNEL_SETS)
def test_operators(kernel_set: str, tmp_path: Path) -> None:
    cases = [case for kind in STRATEGIES for case in gather(STRATEGIES[kind], 5)]
    taken, _ = compiled(cases)
    assert len(run_host(taken, tmp_path, (*SANITIZED, *KERNEL_SETS[kernel_set]))) > 0


@pytest.mark.parametrize("kernel_set", KERNEL_SETS)
def test_networks(kernel_set: str, tmp_path: Path) -> None:
    taken, _ = compiled(gather(networks(), 20))
    assert len(run_host(taken, tmp_path, (*SANITIZED, *KERNEL_SETS[kernel_set]))) > 0


_WITH_KERNELS_OF_THEIR_OWN = {
    "CONV_2D": 150,
    "DEPTHWISE_CONV_2D": 100,
    "FULLY_CONNECTED": 100,
    "ADD": 50,
    "AVERAGE_POOL_2D": 50,
}


@needs_oracle
@pytest.mark.parametrize("kernel_set", ["dsp", "mve"])
@pytest.mark.parametrize("kind", _WITH_KERNELS_OF_THEIR_OWN)
def test_kernels_answer_as_tflm(kind: str, kernel_set: str, tmp_path: Path) -> None:
    taken, _ = compiled(gather(STRATEGIES[kind], _WITH_KERNELS_OF_THEIR_OWN[kind]))
    assert_equal(taken, run_host(taken, tmp_path, (*SANITIZED, *KERNEL_SETS[kernel_set])))
