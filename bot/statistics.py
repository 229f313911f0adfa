"""The few statistics that the checks state: an interval, a recall, and a paired comparison."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Z_95 = 1.959963984540054  # two-sided 95 % of the normal distribution


def wilson_interval(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion.

    Args:
        successes: 0 to `n`.
        n: number of trials, at least 1.
        z: quantile of the normal distribution.

    Raises:
        ValueError: the counts make no proportion.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927).
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a proportion")
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def accuracy(truth: npt.NDArray[np.integer], answers: npt.NDArray[np.integer]) -> float:
    """Return the share of answers that equal the truth, 0 to 1."""
    return float(np.mean(np.asarray(truth) == np.asarray(answers)))


def macro_recall(
    truth: npt.NDArray[np.integer], answers: npt.NDArray[np.integer], classes: int
) -> float:
    """Return the mean over classes of the share of its samples that were recognised, 0 to 1.

    Classes without a sample in `truth` do not count.
    """
    recalls = [
        float(np.mean(answers[truth == label] == label))
        for label in range(classes)
        if np.any(truth == label)
    ]
    return float(np.mean(recalls))


def mcnemar_worse(
    ours: npt.NDArray[np.bool_], theirs: npt.NDArray[np.bool_]
) -> tuple[int, int, float]:
    """Test whether `ours` is worse than `theirs` on the same samples, exactly and one-sided.

    Args:
        ours: `[n]` true where our answer is right.
        theirs: `[n]` true where the other one's is.

    Returns:
        How often only ours was right, how often only theirs was, and the probability of that
        many or more of the second if both were equally good.

    Source: Q. McNemar, Psychometrika 12 (1947); exact form: binomial with p = 1/2.
    """
    only_ours = int(np.sum(ours & ~theirs))
    only_theirs = int(np.sum(theirs & ~ours))
    differing = only_ours + only_theirs
    tail = sum(math.comb(differing, k) for k in range(only_theirs, differing + 1))
    return only_ours, only_theirs, tail / 2**differing
