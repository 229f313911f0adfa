"""The statistics, against published values, brute force, and their own ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.statistics import accuracy, macro_recall, mcnemar_worse, wilson_interval


def test_wilson_interval_of_a_published_case() -> None:
    # Source: R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


@pytest.mark.parametrize("n", [1, 7, 450])
def test_wilson_interval_keeps_within_0_and_1(n: int) -> None:
    assert wilson_interval(0, n)[0] == pytest.approx(0)
    assert wilson_interval(n, n)[1] == pytest.approx(1)
    assert 0 < wilson_interval(n, n)[0] < 1


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_interval_refuses_what_is_no_proportion(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="not a proportion"):
        wilson_interval(successes, n)


def test_macro_recall_weighs_classes_equally() -> None:
    truth = np.array([0] * 8 + [1] * 2)
    answers = np.array([0] * 8 + [0, 1])
    assert accuracy(truth, answers) == pytest.approx(0.9)
    assert macro_recall(truth, answers, 2) == pytest.approx(0.75)


def test_macro_recall_leaves_out_classes_without_samples() -> None:
    assert macro_recall(np.array([0, 0]), np.array([0, 2]), 3) == pytest.approx(0.5)


def test_mcnemar_counts_disagreements_only() -> None:
    ours = np.array([True] * 50 + [False] * 3 + [True] * 1)
    theirs = np.array([True] * 50 + [True] * 3 + [False] * 1)
    only_ours, only_theirs, p = mcnemar_worse(ours, theirs)
    assert (only_ours, only_theirs) == (1, 3)
    assert p == pytest.approx((math.comb(4, 3) + 1) / 16)


def test_mcnemar_of_equals_says_nothing() -> None:
    same = np.array([True, False, True])
    assert mcnemar_worse(same, same) == (0, 0, 1.0)


def test_mcnemar_finds_a_worse_model() -> None:
    ours, theirs = np.zeros(20, dtype=bool), np.ones(20, dtype=bool)
    assert mcnemar_worse(ours, theirs)[2] < 1e-5
