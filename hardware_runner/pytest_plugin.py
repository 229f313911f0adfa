"""Run a project's board test under pytest: `pytest tinyml/digits/test_board.py --board an386`.

The plugin does nothing unless a test asks for the fixture `board_run`. Then it leases the board,
builds the project's firmware, starts it, and hands the open line to pytest-embedded's `serial`
service in place of its `port`. Where `--board` is given several times, the test runs on each; with
pytest-xdist, at the same time.

With `--bench bench.toml`, a name of a place is a board, too: the same test then runs on what is
attached there, `pytest tinyml/digits/test_board.py --bench bench.toml --board left`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hardware_runner.atomic import write_text
from hardware_runner.attached import start_attached
from hardware_runner.bench import Place
from hardware_runner.bench_file import read_bench
from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.condition import wedged
from hardware_runner.errors import (
    BenchError,
    BoardTrouble,
    BoardWedged,
    RunnerError,
    UnknownBoard,
)
from hardware_runner.images import make_image
from hardware_runner.lease import default_lock_dir, lease
from hardware_runner.machine import Machine
from hardware_runner.measure import start
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.run import blank_report, converse
from model_compiler import CompilerError, compile_model, load_model

DEFAULT_BOARD = "an386"
LEASE_TIMEOUT_S = 300.0

BoardRun = Callable[[], RunReport]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("boardwright", "board tests of Boardwright")
    group.addoption(
        "--board",
        metavar="NAME",
        action="append",
        help=f"board to run on, or place of the bench; may be repeated (default: {DEFAULT_BOARD})",
    )
    group.addoption(
        "--bench",
        metavar="FILE",
        type=Path,
        help="bench.toml, whose places --board may name",
    )
    group.addoption(
        "--lease-timeout",
        metavar="SECONDS",
        type=float,
        default=LEASE_TIMEOUT_S,
        help=f"longest wait for a board that is in use (default: {LEASE_TIMEOUT_S:.0f})",
    )
    group.addoption(
        "--project", metavar="DIR", type=Path, help="project folder (default: the test's own)"
    )
    group.addoption(
        "--report",
        metavar="FILE",
        type=Path,
        help="write the board's report here, as JSON; of several boards, each to FILE with the "
        "name of board or place before the suffix",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Replace pytest-embedded's `port`, after it was loaded."""
    if config.pluginmanager.hasplugin("pytest_embedded"):
        config.pluginmanager.register(_Line(), "boardwright-line")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Switch pytest-embedded's serial service on where a test needs it."""
    used = any("board_run" in getattr(item, "fixturenames", ()) for item in items)
    if used and not config.getoption("embedded_services", None):
        config.option.embedded_services = "serial"


class _Line:
    """Holds the one fixture of pytest-embedded that is replaced."""

    @pytest.fixture
    def port(self, request: pytest.FixtureRequest, port: object) -> object:
        """Return the open line to the board; what pytest-embedded says in all other tests."""
        if "board_run" not in request.fixturenames:
            return port
        machine: Machine = request.getfixturevalue("board_machine")
        return machine.console


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a test runs: a board, and the place where it is attached, None for an emulated one."""

    board: Board
    place: Place | None = None

    @property
    def name(self) -> str:
        """Return what the lease and the test are named after."""
        return self.place.name if self.place else self.board.name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a board test once for each board that the command line names."""
    if "board_run" in metafunc.fixturenames:
        seats = _chosen(metafunc.config)
        metafunc.parametrize("board_seat", seats, ids=[s.name for s in seats], indirect=True)


def _chosen(config: pytest.Config) -> list[Seat]:
    names: list[str] = config.getoption("board") or [DEFAULT_BOARD]
    path: Path | None = config.getoption("bench")
    try:
        bench = read_bench(path) if path else None
        places = {place.name: place for place in bench.places} if bench else {}
        seats = [
            Seat(find_board(places[name].board), places[name])
            if name in places
            else Seat(find_board(name))
            for name in names
        ]
    except UnknownBoard as error:
        there = f" The places of {path} are: {', '.join(places)}." if places else ""
        raise pytest.UsageError(f"{error}{there}") from error
    except BenchError as error:
        raise pytest.UsageError(str(error)) from error
    return list({seat.name: seat for seat in seats}.values())


@pytest.fixture
def board_seat(request: pytest.FixtureRequest) -> Seat:
    """Return where the test runs."""
    chosen: Seat = request.param
    return chosen


@pytest.fixture
def board(board_seat: Seat) -> Board:
    """Return a board that the command line names."""
    return board_seat.board


@pytest.fixture
def board_project(request: pytest.FixtureRequest) -> Path:
    """Return the project's folder."""
    chosen: Path | None = request.config.getoption("project")
    return chosen or request.path.parent


@pytest.fixture
def board_firmware(board: Board, board_project: Path, tmp_path: Path) -> Firmware:
    """Build the project's firmware for the board."""
    try:
        model = load_model((board_project / "model.tflite").read_bytes())
        return build_firmware(board, board_project, compile_model(model), tmp_path / "firmware")
    except (RunnerError, CompilerError, OSError) as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def board_machine(
    request: pytest.FixtureRequest, board_seat: Seat, board_firmware: Firmware, tmp_path: Path
) -> Iterator[Machine]:
    """Lease and start the board; switch it off and give it back in the end."""
    try:
        with lease(board_seat.name, timeout_s=request.config.getoption("lease_timeout")):
            machine = _start(board_seat, board_firmware, tmp_path / "image")
            try:
                machine.resume()
                yield machine
            finally:
                machine.close()
    except RunnerError as error:
        if isinstance(error, BoardTrouble):
            report = blank_report(board_firmware, RunOutcome.INFRASTRUCTURE, str(error))
            _write(request.config, board_seat, report)
        pytest.fail(f"infrastructure: {error}", pytrace=False)


def _start(seat: Seat, firmware: Firmware, out: Path) -> Machine:
    if seat.place is None:
        return start(seat.board, firmware)
    if mark := wedged(seat.place.name, default_lock_dir()):
        raise BoardWedged(f"The place {seat.place.name} is {mark}")
    return start_attached(seat.place, seat.board, make_image(firmware, out), firmware)


@pytest.fixture
def board_run(
    request: pytest.FixtureRequest,
    board_seat: Seat,
    board_project: Path,
    board_firmware: Firmware,
    record_property: Callable[[str, object], None],
) -> BoardRun:
    """Return a function that streams testset.npz through the board and returns its report."""
    plugins = request.config.pluginmanager
    if not plugins.hasplugin("pytest_embedded") or find_spec("pytest_embedded_serial") is None:
        raise pytest.UsageError(
            "board tests need pytest-embedded and its serial service: "
            "pip install 'boardwright[boards]'"
        )
    machine: Machine = request.getfixturevalue("board_machine")
    dut = request.getfixturevalue("dut")

    def run() -> RunReport:
        with np.load(board_project / "testset.npz", allow_pickle=False) as testset:
            samples = testset["x"]
        with dut.serial.disable_redirect_thread():
            machine.console = dut.serial.proc
            report = converse(machine, board_firmware, samples)
        _write(request.config, board_seat, report)
        for name, value in _figures(report).items():
            record_property(name, value)
        return report

    return run


def _write(config: pytest.Config, seat: Seat, report: RunReport) -> None:
    target: Path | None = config.getoption("report")
    if target is None:
        return
    if len(_chosen(config)) > 1:
        target = target.with_suffix(f".{seat.name}{target.suffix}")
    write_text(target, report.model_dump_json(indent=1) + "\n")


def _figures(report: RunReport) -> dict[str, object]:
    """Return the figures of a report by name, as they stand in it, without the single answers."""
    figures: dict[str, object] = report.model_dump(
        mode="json",
        exclude_none=True,
        exclude={"schema_version", "scores", "decisions", "cost", "energy", "footprint", "tools"},
    )
    if report.cost is not None:
        unit = report.cost.unit
        figures["method"] = report.cost.method
        cost = report.cost.model_dump(exclude={"unit", "method"}, exclude_none=True)
        for name, value in cost.items():
            part, which = name.split("_")
            figures[f"{part}_{unit}_{which}"] = value
    if report.energy is not None:
        energy = report.energy.model_dump()
        figures |= {f"energy_{name}": value for name, value in energy.items()}
    if report.footprint is not None:
        figures |= report.footprint.model_dump(exclude_none=True)
    return figures | {f"tool_{name}": version for name, version in report.tools.items()}
