"""Run a project's board test under pytest: `pytest tinyml/digits/test_board.py --board an386`.

The plugin does nothing unless a test asks for the fixture `board_run`. Then it leases the board,
builds the project's firmware, starts it, and hands the open line to pytest-embedded's `serial`
service in place of its `port`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.errors import BoardTrouble, RunnerError, UnknownBoard
from hardware_runner.lease import lease
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
    group.addoption("--board", metavar="NAME", help=f"board to run on (default: {DEFAULT_BOARD})")
    group.addoption(
        "--project", metavar="DIR", type=Path, help="project folder (default: the test's own)"
    )
    group.addoption(
        "--report", metavar="FILE", type=Path, help="write the board's report here, as JSON"
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


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Board:
    """Return the board that the command line names."""
    try:
        return find_board(request.config.getoption("board") or DEFAULT_BOARD)
    except UnknownBoard as error:
        raise pytest.UsageError(str(error)) from error


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
    request: pytest.FixtureRequest, board: Board, board_firmware: Firmware
) -> Iterator[Machine]:
    """Lease and start the board; switch it off and give it back in the end."""
    try:
        with lease(board.name, timeout_s=LEASE_TIMEOUT_S):
            machine = start(board, board_firmware)
            try:
                machine.resume()
                yield machine
            finally:
                machine.close()
    except RunnerError as error:
        if isinstance(error, BoardTrouble):
            report = blank_report(board_firmware, RunOutcome.INFRASTRUCTURE, str(error))
            _write(request.config, report)
        pytest.fail(f"infrastructure: {error}", pytrace=False)


@pytest.fixture
def board_run(
    request: pytest.FixtureRequest,
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
        _write(request.config, report)
        for name, value in _figures(report).items():
            record_property(name, value)
        return report

    return run


def _write(config: pytest.Config, report: RunReport) -> None:
    target: Path | None = config.getoption("report")
    if target is None:
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_text(report.model_dump_json(indent=1) + "\n")
    temporary.replace(target)


def _figures(report: RunReport) -> dict[str, object]:
    figures: dict[str, object] = {
        "board": report.board,
        "outcome": report.outcome.value,
        "samples": report.samples,
        "resends": report.resends,
        "firmware_sha256": report.firmware_sha256,
    }
    if report.samples_per_second is not None:
        figures["samples_per_second"] = round(report.samples_per_second, 1)
    if report.cost is not None:
        unit = report.cost.unit
        figures[f"features_{unit}_median"] = report.cost.features_median
        figures[f"model_{unit}_median"] = report.cost.model_median
    if report.footprint is not None:
        figures |= report.footprint.model_dump(exclude_none=True)
    return figures | {f"tool_{name}": version for name, version in report.tools.items()}
