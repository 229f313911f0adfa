"""The C of every operator runs clean under AddressSanitizer and UndefinedBehaviorSanitizer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.model_compiler.batch import SANITIZED, compiled, gather, needs_gcc, run_host
from tests.model_compiler.cases import STRATEGIES
from tests.model_compiler.networks import networks

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


def test_operators(tmp_path: Path) -> None:
    cases = [case for kind in STRATEGIES for case in gather(STRATEGIES[kind], 5)]
    taken, _ = compiled(cases)
    assert len(run_host(taken, tmp_path, SANITIZED)) > 0


def test_networks(tmp_path: Path) -> None:
    taken, _ = compiled(gather(networks(), 20))
    assert len(run_host(taken, tmp_path, SANITIZED)) > 0
