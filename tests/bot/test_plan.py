"""Plans: features by what the data are, sizes by the limits, questions where nothing can fit."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bot import spectrogram
from bot.errors import RequestError
from bot.feasibility import refuse_impossible
from bot.goal import Goal, Limits, RawInput, RawType, Task
from bot.plan import FeatureKind, make_plan
from bot.records import TableRecords
from tests.bot import small_project

needs_arm = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


def colours(*, raw: bool) -> tuple[Goal, TableRecords]:
    """Return three colour channels, as counts under changing light or as shares of their sum."""
    random = np.random.default_rng(1)
    shares = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.4, 0.3, 0.3]])
    table = np.repeat(shares, 30, axis=0) * (1 + 0.02 * random.standard_normal((90, 3)))
    table /= table.sum(axis=1, keepdims=True)
    if raw:
        table = (table * random.uniform(60, 3000, (90, 1))).round()
    frame = pd.DataFrame(table, columns=["r", "g", "b"])
    frame["label"] = np.repeat(["apple", "banana", "orange"], 30)
    goal = small_project.goal().model_copy(
        update={
            "labels": ("apple", "banana", "orange"),
            "raw": RawInput(shape=(3,), dtype=RawType.FLOAT32, unit="counts"),
        }
    )
    return goal, TableRecords(frame, "label", "csv:x", "unknown")


def test_raw_colour_counts_become_shares() -> None:
    plan = make_plan(*colours(raw=True), seed=0)
    assert plan.features is FeatureKind.RATIO
    assert re.search(r"\d+\.\d % with shares", plan.reasons[0])


def test_shares_are_not_divided_again() -> None:
    assert make_plan(*colours(raw=False), seed=0).features is FeatureKind.STANDARDISE


def test_other_columns_are_standardised() -> None:
    plan = make_plan(small_project.goal(), small_project.records(), seed=0)
    assert (plan.features, plan.feature_shape) == (FeatureKind.STANDARDISE, (4,))


def test_pictures_get_a_channel_and_are_halved_until_small() -> None:
    goal, records = small_project.pictures()
    assert make_plan(goal, records, seed=0).feature_shape == (4, 4, 1)
    larger = goal.model_copy(update={"raw": goal.raw.model_copy(update={"shape": (32, 32, 3)})})
    size = make_plan(larger, records, seed=0).sizes[0]
    assert size.strides == (2, 2, 2)
    assert [s.parameters for s in make_plan(larger, records, seed=0).sizes] == sorted(
        s.parameters for s in make_plan(larger, records, seed=0).sizes
    )


def of_windows(task: Task, shape: tuple[int, ...]) -> Goal:
    raw = RawInput(shape=shape, dtype=RawType.INT16, unit="", rate_hz=8000)
    return small_project.goal().model_copy(update={"task": task, "raw": raw})


def test_windows_are_standardised_by_channel_and_halved_in_time() -> None:
    plan = make_plan(of_windows(Task.MOTION, (64, 3)), small_project.records(), seed=0)
    assert (plan.features, plan.feature_shape) == (FeatureKind.STANDARDISE_CHANNELS, (64, 1, 3))
    small = plan.sizes[0]
    assert (small.widths, small.strides) == ((8, 16, 32), (2, 2, 2))
    weights = 8 * 5 * 3 + 16 * 5 * 8 + 32 * 5 * 16 + 32 * 3
    assert small.parameters == weights + 8 + 16 + 32 + 3
    assert small.macs == 32 * 8 * 5 * 3 + 16 * 16 * 5 * 8 + 8 * 32 * 5 * 16 + 32 * 3


def test_sounds_become_spectrograms() -> None:
    plan = make_plan(of_windows(Task.KEYWORD_SPOTTING, (4000,)), small_project.records(), seed=0)
    assert plan.spectrogram is not None
    assert plan.feature_shape == (30, 20, 1)
    assert (plan.spectrogram.frames - 1) * plan.spectrogram.hop + plan.spectrogram.frame <= 4000
    bands = plan.spectrogram.bands()
    assert all(first < peak < last <= 128 for first, peak, last in bands)


@pytest.mark.parametrize("rate_hz", [1000, 8000, 16_000, 44_100, 192_000])
def test_bands_rise_at_every_rate(rate_hz: int) -> None:
    bands = spectrogram.fit(65_536, rate_hz).bands()
    assert all(first < peak < last <= 128 for first, peak, last in bands)


def test_sounds_that_are_too_short_are_refused() -> None:
    goal = of_windows(Task.KEYWORD_SPOTTING, (400,))
    with pytest.raises(RequestError, match="400 samples; at least 512") as caught:
        make_plan(goal, small_project.records(), seed=0)
    assert "longer clips" in caught.value.cure


def test_counts_of_a_dense_network() -> None:
    small = make_plan(small_project.goal(), small_project.records(), seed=0).sizes[0]
    assert small.widths == (16,)
    assert small.macs == 4 * 16 + 16 * 3
    assert small.parameters == small.macs + 16 + 3


def test_sizes_that_cannot_fit_are_left_out() -> None:
    goal, records = small_project.pictures()
    limited = goal.model_copy(update={"limits": Limits(flash_max_bytes=4000)})
    plan = make_plan(limited, records, seed=0)
    assert [size.name for size in plan.sizes] == ["small", "medium"]
    assert "large" in plan.reasons[-1]


def test_a_single_layer_is_left_where_no_network_can_fit() -> None:
    goal, records = small_project.pictures()
    limited = goal.model_copy(update={"limits": Limits(instructions_max=100)})
    assert [size.name for size in make_plan(limited, records, seed=0).sizes] == ["linear"]


@needs_arm
def test_asks_when_not_even_the_smallest_model_fits() -> None:
    goal = small_project.goal(Limits(flash_max_bytes=102), boards=("mps2-an386",))
    plan = make_plan(goal, small_project.records(), seed=0)
    with pytest.raises(RequestError) as asked:
        refuse_impossible(goal, plan)
    said = re.search(
        r"You ask for 0\.1 KB of flash; the smallest model that this data allows needs about "
        r"(\d+(?:\.\d)?) KB on mps2-an386\.",
        asked.value.problem,
    )
    assert said is not None
    assert asked.value.field == "Flash (KB)"
    # The number was built: a wider model needs more of it.
    wider = replace(plan, feature_shape=(4000,))
    with pytest.raises(RequestError) as wide:
        refuse_impossible(goal, wider)
    needed = re.search(r"about (\d+(?:\.\d)?) KB", wide.value.problem)
    assert needed is not None
    assert float(needed[1]) > float(said[1]) + 10


@needs_arm
def test_asks_about_both_memories_at_once() -> None:
    limits = Limits(flash_max_bytes=102, ram_max_bytes=51)
    goal = small_project.goal(limits, boards=("mps2-an386",))
    with pytest.raises(RequestError) as asked:
        refuse_impossible(goal, make_plan(goal, small_project.records(), seed=0))
    assert asked.value.problem.startswith("You ask for 0.1 KB of flash and 0.0 KB of RAM; ")
    assert re.search(
        r"Allow at least \d+ KB of flash and \d+ KB of RAM, or leave", asked.value.cure
    )


@needs_arm
def test_does_not_ask_where_a_model_fits() -> None:
    goal = small_project.goal(
        Limits(flash_max_bytes=60_000, ram_max_bytes=20_000), boards=("mps2-an386",)
    )
    refuse_impossible(goal, make_plan(goal, small_project.records(), seed=0))
