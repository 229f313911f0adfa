from __future__ import annotations

from pathlib import Path

import pytest

from model_compiler import Optimise, compile_model, dense_classifier, load_model
from tests.model_compiler.batch import Compiled, assert_equal, gather, needs_gcc, run_host
from tests.model_compiler.networks import networks
from tests.model_compiler.oracle import needs_oracle


@needs_oracle
@needs_gcc
@pytest.mark.parametrize("level", [Optimise.SIZE, Optimise.SPEED])
def test_what_is_preferred_changes_no_answer(level: Optimise, tmp_path: Path) -> None:
    taken = [
        Compiled(case, dict(compile_model(load_model(case.model), name=name, optimise=level).files))
        for name, case in ((f"m{n}", case) for n, case in enumerate(gather(networks(), 8)))
    ]
    assert_equal(taken, run_host(taken, tmp_path))


def test_balanced_is_what_comes_without_asking() -> None:
    model = dense_classifier(4, 3)
    assert model.optimise is Optimise.BALANCED
    assert dict(compile_model(model).files) == dict(
        compile_model(model, optimise=Optimise.BALANCED).files
    )


@pytest.mark.parametrize(
    ("level", "flag"), [("size", "-Os"), ("balanced", "-O2"), ("speed", "-O3")]
)
def test_the_header_says_how_to_build_it(level: str, flag: str) -> None:
    compiled = compile_model(dense_classifier(4, 3), optimise=Optimise(level))
    assert compiled.summary.optimise.flag == flag
    assert f"with {flag}. */" in compiled.files["bw_model.h"]
    assert f"with {flag}. */" in compiled.files["bw_model.c"]
