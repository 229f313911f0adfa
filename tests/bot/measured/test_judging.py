"""What is made of results: a table of reports and verdicts, and comparisons with a base."""

from __future__ import annotations

from typing import Any

import pytest

from bot.github.hub import Conclusion
from bot.measured.changes import changes
from bot.measured.judgement import BoardJudgement, Judgement, Kind, State, Verdict
from bot.measured.judging import judge
from bot.measured.posting import conclusion_of
from bot.statistics import wilson_interval
from hardware_runner.report import Energy, RunOutcome, RunReport
from tests.bot.measured.benches import (
    HOST,
    OTHER,
    TRUTH,
    N,
    broken,
    cost,
    footprint,
    goal,
    report,
    results,
    scores,
    truth,
)

COUNTED = cost("instructions", model=50_000.0, spread=0)
ONE_OFF = [(HOST[0] + 1) % 3, *HOST[1:]]


def only(one: RunReport, **limits: Any) -> BoardJudgement:
    return judge(results(one), truth(goal((one.board,), **limits))).boards[0]


@pytest.mark.parametrize(
    ("one", "limits", "verdict", "conclusion"),
    [
        (report(), {}, Verdict.PASS, Conclusion.SUCCESS),
        (report(), {"accuracy_min": 0.97}, Verdict.PASS, Conclusion.SUCCESS),
        (report(), {"accuracy_min": 0.98}, Verdict.MISSED, Conclusion.FAILURE),
        (report(), {"latency_max_ms": 2.1}, Verdict.PASS, Conclusion.SUCCESS),
        (report(), {"latency_max_ms": 2.01}, Verdict.MISSED, Conclusion.FAILURE),
        (report(), {"instructions_max": 10**9}, Verdict.PASS, Conclusion.NEUTRAL),
        (report(), {"flash_max_bytes": 39_440}, Verdict.PASS, Conclusion.SUCCESS),
        (report(), {"flash_max_bytes": 39_439}, Verdict.MISSED, Conclusion.FAILURE),
        (report(), {"ram_max_bytes": 16_768}, Verdict.PASS, Conclusion.SUCCESS),
        (report(), {"ram_max_bytes": 16_767}, Verdict.MISSED, Conclusion.FAILURE),
        (report(footprint=None), {"ram_max_bytes": 9}, Verdict.PASS, Conclusion.NEUTRAL),
        (report(cost=None), {"latency_max_ms": 9}, Verdict.PASS, Conclusion.NEUTRAL),
        (
            report(cost=COUNTED, verified="emulator"),
            {"latency_max_ms": 1_000},
            Verdict.PASS,
            Conclusion.NEUTRAL,
        ),
        (
            report(cost=cost(), verified="emulator"),
            {"latency_max_ms": 1_000},
            Verdict.PASS,
            Conclusion.NEUTRAL,
        ),
        (
            report(cost=COUNTED, verified="emulator"),
            {"instructions_max": 50_200},
            Verdict.PASS,
            Conclusion.SUCCESS,
        ),
        (
            report(cost=COUNTED, verified="emulator"),
            {"instructions_max": 50_199},
            Verdict.MISSED,
            Conclusion.FAILURE,
        ),
        (
            report("host", cost=None, footprint=None, verified="host"),
            {"latency_max_ms": 1, "flash_max_bytes": 1, "ram_max_bytes": 1},
            Verdict.PASS,
            Conclusion.SUCCESS,
        ),
        (report(answers=ONE_OFF), {}, Verdict.DISAGREES, Conclusion.FAILURE),
        (report(answers=TRUTH), {}, Verdict.DISAGREES, Conclusion.FAILURE),
        (report(answers=HOST[:-1]), {}, Verdict.INFRASTRUCTURE, Conclusion.NEUTRAL),
        (
            report(scores=tuple((100, 0) for _ in HOST)),
            {},
            Verdict.INFRASTRUCTURE,
            Conclusion.NEUTRAL,
        ),
        (broken("pico", "No answer."), {}, Verdict.INFRASTRUCTURE, Conclusion.NEUTRAL),
        (
            broken("pico", "No firmware.", RunOutcome.SKIPPED),
            {},
            Verdict.MISSING,
            Conclusion.NEUTRAL,
        ),
        (broken("pico", "Hard fault.", RunOutcome.FAIL), {}, Verdict.FAILED, Conclusion.FAILURE),
    ],
)
def test_verdicts(
    one: RunReport, limits: dict[str, Any], verdict: Verdict, conclusion: Conclusion
) -> None:
    board = only(one, **limits)
    assert (board.verdict, conclusion_of(board)) == (verdict, conclusion)
    assert bool(board.unproven) is (verdict is Verdict.PASS and conclusion is Conclusion.NEUTRAL), (
        "unproven is what makes a pass neutral"
    )


def test_accuracy_is_computed_here_with_its_interval() -> None:
    board = only(report())
    assert (board.samples, board.right, board.same, board.same_bytes) == (N, N - 2, N, True)
    figure = board.figure(Kind.ACCURACY)
    assert figure is not None and figure.value == pytest.approx(100 * 88 / 90)
    low, high = wilson_interval(board.right, board.samples)
    assert low < 88 / 90 < high
    assert sum(map(sum, board.confusion)) == N and board.confusion[1][1] < 30
    assert [recall.held_out for recall in board.recalls] == [30, 30, 30]


def test_other_scores_with_the_same_answers_are_told_of_and_pass() -> None:
    shifted = tuple(tuple(v - 1 for v in row) for row in scores(HOST))
    board = only(report(scores=shifted))
    assert (board.verdict, board.same, board.same_bytes) == (Verdict.PASS, N, False)


@pytest.mark.parametrize(
    ("limit", "state"), [(16_000, State.UNPROVEN), (15_000, State.MISSED), (None, State.REPORTED)]
)
def test_ram_without_its_stack_proves_no_limit(limit: int | None, state: State) -> None:
    figure = only(report(footprint=footprint(stack=None)), ram_max_bytes=limit).figure(Kind.RAM)
    assert figure is not None and figure.state is state
    assert ("stack" in figure.why) is (state is State.UNPROVEN)


def test_a_goal_in_ms_is_judged_by_the_worst_case_in_microseconds() -> None:
    figure = only(report(), latency_max_ms=2.01).figure(Kind.TIME)
    assert figure is not None
    assert (figure.unit, figure.limit, figure.state) == ("µs", 2_010, State.MISSED)
    assert figure.value == pytest.approx(202 + 1_800 * 1.008)


def test_boards_that_nobody_measured_are_missing_unless_they_ran_when_it_was_built() -> None:
    wanted = goal(("nucleo-f446re", "pico", "mps2-an386"))
    found = judge(results(), truth(wanted, built=("mps2-an386",)))
    assert [(b.board, b.verdict) for b in found.boards] == [
        ("nucleo-f446re", Verdict.PASS),
        ("pico", Verdict.MISSING),
    ]
    assert found.built == ("mps2-an386",) and not found.is_good
    assert "no bench has reported" in found.boards[1].reason
    assert judge(results(), truth(goal())).is_good


def base(*reports: RunReport) -> Judgement:
    return judge(results(*reports, commit=OTHER), truth())


def compared(ours: RunReport, theirs: RunReport) -> dict[Kind, tuple[float, bool]]:
    (board,) = judge(results(ours), truth(), base(theirs)).boards
    return {change.kind: (round(change.percent, 1), change.is_noise) for change in board.changes}


def test_time_on_hardware_changes_only_beyond_its_own_spread() -> None:
    near = compared(report(cost=cost(model=1_805)), report())
    far = compared(report(cost=cost(model=1_900)), report())
    assert near[Kind.TIME] == (0.2, True)
    assert far[Kind.TIME] == (5.0, False)


def test_instructions_have_no_noise() -> None:
    ours = report(cost=cost("instructions", model=50_010, spread=0), verified="emulator")
    found = compared(ours, report(cost=COUNTED, verified="emulator"))
    assert found[Kind.INSTRUCTIONS] == (0.0, False) and Kind.TIME not in found


def test_other_methods_are_not_compared() -> None:
    other = cost().model_copy(update={"method": "a timer of 1 MHz"})
    assert Kind.TIME not in compared(report(cost=other), report())
    assert Kind.INSTRUCTIONS not in compared(report(), report(cost=COUNTED))
    assert compared(report(), report("pico")) == {}


def test_cycles_of_an_emulator_are_no_time_and_exact() -> None:
    counted = cost().model_copy(update={"unit": "cycles", "method": "rp2040js"})
    more = counted.model_copy(update={"model_median": counted.model_median + 1})
    found = compared(report(cost=more), report(cost=counted))
    assert Kind.TIME not in found and found[Kind.CYCLES][1] is False


def test_sizes_accuracy_and_energy_are_compared() -> None:
    def drawn(joules: float) -> Energy:
        return Energy(joules_median=joules, joules_max=joules * 1.02, volts=3.3, method="PPK2")

    ours = report(answers=ONE_OFF, footprint=footprint(40_000, 2_048), energy=drawn(42e-6))
    found = compared(ours, report(energy=drawn(40e-6)))
    assert found[Kind.FLASH] == (1.4, False) and found[Kind.RAM] == (6.1, False)
    assert found[Kind.ACCURACY][0] == -1.1 and found[Kind.ENERGY] == (5.0, False)
    closer = compared(report(energy=drawn(40.4e-6)), report(energy=drawn(40e-6)))
    assert closer[Kind.ENERGY] == (1.0, True)


def test_boards_without_figures_are_not_compared() -> None:
    measured = only(report())
    out = only(broken("nucleo-f446re", "No answer."))
    assert changes(out, measured) == () and changes(measured, out) == ()


def test_a_judgement_travels_as_json() -> None:
    found = judge(results(report(), broken("pico", "x")), truth(), base(report()), run=7)
    assert Judgement.model_validate_json(found.model_dump_json()) == found
