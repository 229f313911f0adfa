"""Run figures: the few figures of a measurement that another program goes on with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hardware_runner.report import RunOutcome, RunReport


def run_figures(reports: Sequence[RunReport], truth: npt.NDArray[np.integer]) -> dict[str, str]:
    """Return the worst figure over all boards that answered, by a name that ends with its unit.

    `accuracy-percent` is the lowest; `latency-us` and `instructions` the largest cost of one
    sample, features and model. What no board measured is empty.
    """
    answered = [
        one
        for one in reports
        if one.outcome is RunOutcome.PASS and len(one.scores) == len(truth) and len(truth)
    ]
    right = [float(np.mean(np.array(one.scores).argmax(axis=1) == truth)) for one in answered]
    costs = [one.cost for one in answered if one.cost is not None]
    largest = {
        unit: [cost.features_max + cost.model_max for cost in costs if cost.unit == unit]
        for unit in ("us", "instructions")
    }
    return {
        "accuracy-percent": f"{100 * min(right):.2f}" if right else "",
        "latency-us": f"{max(largest['us']):.1f}" if largest["us"] else "",
        "instructions": f"{max(largest['instructions']):.0f}" if largest["instructions"] else "",
    }
