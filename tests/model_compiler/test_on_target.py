"""The same C gives the same bytes on emulated Cortex-M cores, small and large."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_compiler import compile_model, load_model
from model_compiler.errors import UnsupportedModel
from tests.model_compiler.bare_metal import TARGETS, needs_target, run_target
from tests.model_compiler.batch import Compiled, compiled, gather, needs_gcc, run_host
from tests.model_compiler.cases import STRATEGIES
from tests.model_compiler.networks import networks

pytestmark = [needs_target, needs_gcc, pytest.mark.slow]

ARENA_BYTES = 6 * 1024


def small(per_kind: int, of_networks: int) -> list[Compiled]:
    """Return cases of every operator, and networks, whose arena even the smallest part has."""
    cases = [case for kind in STRATEGIES for case in gather(STRATEGIES[kind], per_kind)]
    cases += gather(networks(), of_networks)
    fitting = [case for case in cases if _arena_bytes(case.model) <= ARENA_BYTES]
    assert len(fitting) > 0.8 * len(cases)
    return compiled(fitting)[0]


def _arena_bytes(model: bytes) -> int:
    try:
        return compile_model(load_model(model)).summary.arena_bytes
    except UnsupportedModel:
        return 0


@pytest.mark.parametrize("core", TARGETS)
def test_same_bytes_as_on_the_host(core: str, tmp_path: Path) -> None:
    taken = small(*((2, 4) if core == "cortex-m0" else (3, 10)))
    (tmp_path / "host").mkdir()
    (tmp_path / "target").mkdir()
    wanted = run_host(taken, tmp_path / "host")
    assert run_target(TARGETS[core], taken, tmp_path / "target", ARENA_BYTES) == wanted
