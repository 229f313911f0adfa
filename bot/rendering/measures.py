"""Measures: what the reader is told of the predictions, computed from the figures of a proposal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.proposal import Figures
from hardware_runner.report import RunReport


@dataclass(frozen=True, slots=True)
class Hits:
    """How many of `n` samples."""

    count: int
    n: int

    @property
    def share(self) -> float:
        """Return the fraction; 0 where there are no samples."""
        return self.count / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Quantised:
    """What the conversion to int8 did to the scores of the held-out set.

    Errors are |float score - dequantised int8 score|, as probabilities.
    """

    float_hits: Hits
    int8_hits: Hits
    agreeing: Hits
    error_median: float
    error_95: float
    error_max: float


def host_predictions(figures: Figures) -> npt.NDArray[np.int64]:
    """Return the answers of the compiled model on the host, `[n]`: the first of the highest."""
    return np.asarray(figures.int8_scores.argmax(axis=1), dtype=np.int64)


def hits(truth: npt.NDArray[np.int64], answers: npt.NDArray[np.int64]) -> Hits:
    """Count equal elements; arrays of other lengths have none in common beyond the shorter one."""
    n = min(len(truth), len(answers))
    return Hits(int(np.sum(truth[:n] == answers[:n])), len(truth))


def confusion(
    truth: npt.NDArray[np.int64], answers: npt.NDArray[np.int64], classes: int
) -> npt.NDArray[np.int64]:
    """Return counts `[classes, classes]`: row = truth, column = answer."""
    matrix = np.zeros((classes, classes), dtype=np.int64)
    n = min(len(truth), len(answers))
    np.add.at(matrix, (truth[:n], answers[:n]), 1)
    return matrix


def score_errors(figures: Figures) -> npt.NDArray[np.float64]:
    """Return |float - dequantised int8| of each score, `[n, classes]`, as probability."""
    int8 = figures.int8_scores.astype(np.float64) - figures.output_zero_point
    return np.abs(figures.float_scores.astype(np.float64) - int8 * figures.output_scale)


def quantised(figures: Figures) -> Quantised:
    """Compare the converted model with the one it was converted from, on the held-out set."""
    host = host_predictions(figures)
    float_answers = figures.float_scores.argmax(axis=1).astype(np.int64)
    errors = score_errors(figures)
    return Quantised(
        float_hits=hits(figures.truth, float_answers),
        int8_hits=hits(figures.truth, host),
        agreeing=hits(float_answers, host),
        error_median=float(np.median(errors)),
        error_95=float(np.quantile(errors, 0.95)),
        error_max=float(errors.max()),
    )


def same_scores(figures: Figures, report: RunReport) -> Hits:
    """Count samples whose every output byte on the board equals the host's."""
    host = [tuple(int(v) for v in row) for row in figures.int8_scores]
    return Hits(sum(a == b for a, b in zip(host, report.scores, strict=False)), len(host))
