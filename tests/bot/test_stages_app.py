"""app.c alone: applications that ignore, misread or forget the scores are found."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from bot.evidence import Evidence, Outcome
from bot.stages.app_checks import RESULTS, check_acts, check_follows, plain_scores, probe
from tests.bot import small_project

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")

RESET = "\nvoid bw_app_reset(void) {}\n"
HEAD = '#include "app.h"\nint bw_app_on_result(const int8_t scores[BW_CLASS_COUNT])\n'
HIGHEST = (
    "    int best = 0;\n    for (int i = 1; i < BW_CLASS_COUNT; ++i)\n"
    "        if (read[i] > read[best]) best = i;\n    return best;\n}"
)
PLANTED = {
    "constant class": ("{ (void)scores; return 0; }", "follows_scores", "app.c decided for 0"),
    "uint8 read": (
        f"{{\n    const uint8_t *read = (const uint8_t *)scores;\n{HIGHEST}",
        "follows_scores",
        "Read the scores as signed int8_t",
    ),
    "float read": (
        f"{{\n    const float *read = (const float *)(const void *)scores;\n{HIGHEST}",
        "",
        "",
    ),
    "never acts": ("{ (void)scores; return -1; }", "acts", "never returns"),
    "no such class": ("{ return scores[0] > 0 ? 0 : 99; }", "follows_scores", "decided for 99"),
    "index out of range": (
        "{ const int table[2] = {0, 1}; return table[scores[0] + 128]; }",
        "app_answers",
        "undefined behaviour",
    ),
}


def failed(evidence: tuple[Evidence, ...]) -> dict[str, str]:
    wrong = [e for e in evidence if e.outcome is Outcome.FAIL]
    return {e.check.rpartition(".")[2]: e.detail for e in wrong}


def probed(text: str) -> tuple[Evidence, ...]:
    context = small_project.context()
    workspace = context.workspace.with_files({"app.c": text.encode()})
    return probe(small_project.replaced(context, workspace=workspace))


@needs_gcc
def test_the_template_follows_the_scores() -> None:
    found = probe(small_project.context())
    assert [e.check for e in found] == [
        "firmware.app_answers",
        "firmware.follows_scores",
        "firmware.acts",
    ]
    assert failed(found) == {}


@needs_gcc
@pytest.mark.parametrize("fault", PLANTED)
def test_planted_faults_are_found_and_told(fault: str) -> None:
    body, check, words = PLANTED[fault]
    found = failed(probed(HEAD + body + RESET))
    assert found, fault
    if check:
        assert words in found[check]


@needs_gcc
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('#include "app.h"\nint on_result(int a) { return a; }' + RESET, "bw_app_on_result"),
        ('#include <TensorFlowLite.h>\n#include "app.h"\n', "TensorFlowLite.h: No such file"),
        (HEAD + "{ while (scores) {} return 0; }", "bw_app_reset"),
    ],
    ids=["wrong symbol", "missing header", "half of the contract"],
)
def test_what_the_contract_lacks_is_named(text: str, words: str) -> None:
    assert words in failed(probed(text))["app_answers"]


@pytest.mark.parametrize("classes", [2, 3, 10, 256])
def test_plain_scores_are_plain(classes: int) -> None:
    scores = plain_scores(classes)
    assert scores.shape == (classes, RESULTS, classes)
    assert (scores.argmax(axis=2) == np.arange(classes)[:, np.newaxis]).all()
    assert scores.min() < -100


def test_an_application_for_one_class_only_is_allowed() -> None:
    decisions = np.full((3, RESULTS), -1, dtype=np.int64)
    decisions[2, 1:] = 2
    assert check_follows(decisions, ("a", "b", "c")).outcome is Outcome.PASS
    assert check_acts(decisions).outcome is Outcome.PASS
