"""Four emulated boards, measured at once by one call."""

from __future__ import annotations

from pathlib import Path

from hardware_runner.bench import Place
from hardware_runner.bench_run import measure_bundle
from hardware_runner.boards import find_board
from hardware_runner.condition import history
from hardware_runner.lease import is_held
from hardware_runner.report import RunOutcome
from hardware_runner.results import Results
from tests.hardware_runner.bench_bundle import SAMPLES, bench_of, built
from tests.hardware_runner.tools import needs_arm_gcc, needs_qemu

NAMES = ("mps2-an386", "mps2-an500", "mps3-an547", "netduinoplus2")


@needs_arm_gcc
@needs_qemu
def test_four_boards_at_once_each_with_its_row(tmp_path: Path) -> None:
    bundle = built([find_board(name) for name in NAMES], tmp_path)
    bench = bench_of(*(Place(name=f"at-{name}", board=name, flasher="qemu") for name in NAMES))
    seen: dict[str, int] = {}
    locks = tmp_path / "locks"
    results = measure_bundle(
        bench, bundle, NAMES, lock_dir=locks,
        on_progress=lambda board, done, total: seen.__setitem__(board, done),
    )  # fmt: skip
    assert [m.report.board for m in results.boards] == list(NAMES)
    assert [m.place for m in results.boards] == [f"at-{name}" for name in NAMES]
    for measured in results.boards:
        assert measured.report.outcome is RunOutcome.PASS, measured.report.reason
        assert measured.report.cost is not None
        assert measured.report.cost.unit == "instructions"
        assert measured.recoveries == ()
        assert not is_held(measured.place, locks)
        assert history(measured.place, locks).runs == 1
    assert len({m.report.scores for m in results.boards}) == 1
    assert seen == dict.fromkeys(NAMES, len(SAMPLES))
    assert Results.model_validate_json(results.model_dump_json()) == results
