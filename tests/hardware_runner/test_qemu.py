"""Emulated boards: right answers, exact counts, and every failure of QEMU named and cleaned up."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hardware_runner import qemu, session
from hardware_runner.boards import BOARDS, find_board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.measure import measure, start
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.run import converse
from model_compiler import compile_model, dense_classifier
from tests.hardware_runner.stand_in import APP_C, FEATURES_C, STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc, needs_qemu

pytestmark = [needs_arm_gcc, needs_qemu]

AN386 = find_board("an386")
EMULATED = [board for board in BOARDS.values() if board.machine]
SAMPLES = np.random.default_rng(3).integers(0, 17, (60, 8, 8)).astype(np.uint8)


def build(folder: Path, board=AN386, **changed: str) -> Firmware:
    return build_firmware(board, write_project(folder / "p", **changed), STAND_IN, folder / "out")


def run(firmware: Firmware, folder: Path, samples=SAMPLES, timeout_s: float = 10.0) -> RunReport:
    return measure(
        firmware.board,
        firmware,
        samples,
        response_timeout_s=timeout_s,
        lock_dir=folder / "locks",
    )


def children() -> set[int]:
    """Return the processes that this one started and did not see the end of."""
    task = Path(f"/proc/{os.getpid()}/task")
    return {int(c) for t in task.iterdir() for c in (t / "children").read_text().split()}


@pytest.fixture(autouse=True)
def nothing_left_behind():
    before = children()
    yield
    assert children() <= before


@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("board", EMULATED, ids=lambda b: b.name)
def test_a_board_answers_as_the_host_does_and_counts_alike_twice(board, tmp_path: Path) -> None:
    compiled = compile_model(dense_classifier(16, 10))
    project = write_project(tmp_path / "p")
    host = find_board("host")
    expected = run(build_firmware(host, project, compiled, tmp_path / "h"), tmp_path)
    firmware = build_firmware(board, project, compiled, tmp_path / "b")
    first, second = run(firmware, tmp_path), run(firmware, tmp_path)
    assert first.outcome is RunOutcome.PASS, first.reason
    assert first.scores == expected.scores
    assert first.decisions == expected.decisions
    assert first.cost is not None
    assert first.cost == second.cost  # exact, so equal
    assert first.cost.unit == "instructions"
    assert 16 * 8 < first.cost.features_median < 2000
    assert 16 * 10 < first.cost.model_median <= first.cost.model_max < 20000
    assert first.footprint is not None
    assert 64 <= first.footprint.stack_bytes < 2048
    assert first.tools.keys() == {"arm-none-eabi-gcc", "qemu-system-arm"}


@pytest.mark.slow
def test_the_count_is_that_of_the_instructions_in_the_binary(tmp_path: Path) -> None:
    """Features of 1 and of 101 times four more instructions differ by exactly 400."""
    loop = '__asm__ volatile("1: nop\\n nop\\n subs %0, %0, #1\\n bne 1b" : "+r"(n) : : "cc");'
    costs = []
    for turns in (1, 101):
        source = FEATURES_C.replace(
            "for (int row", f"unsigned n = {turns};\n    {loop}\n    for (int row", 1
        )
        report = run(build(tmp_path / str(turns), features_c=source), tmp_path, SAMPLES[:5])
        assert report.cost is not None, report.reason
        costs.append(report.cost.features_median)
    assert costs[1] - costs[0] == 400


@pytest.mark.slow
def test_a_const_attribute_cannot_hide_the_work(tmp_path: Path) -> None:
    honest = run(build(tmp_path / "a"), tmp_path)
    header = (tmp_path / "a" / "p" / "features.h").read_text()
    header = header.replace("void bw_features", "__attribute__((const)) void bw_features")
    lying = run(build(tmp_path / "b", features_h=header), tmp_path)
    assert honest.cost is not None
    assert lying.cost is not None
    assert lying.scores == honest.scores
    assert lying.cost.features_median == honest.cost.features_median


def test_a_fault_in_the_features_fails_with_registers_and_function(tmp_path: Path) -> None:
    source = FEATURES_C.replace(
        "for (int row", 'if (raw[0] > 20) { __asm__ volatile("udf #0"); }\n    for (int row', 1
    )
    samples = SAMPLES.copy()
    samples[7, 0, 0] = 99
    report = run(build(tmp_path, features_c=source), tmp_path, samples)
    assert report.outcome is RunOutcome.FAIL
    assert report.samples == 7
    assert "in bw_features(), at sample 7" in report.reason
    assert "CFSR=0x00010000" in report.reason  # UNDEFINSTR
    assert "The instruction is in bw_features()" in report.reason


class Deaf:
    """A console that hears nothing from the first sign of a fault report until silence."""

    def __init__(self, console) -> None:
        self._console, self._heard, self.lost = console, b"", False
        self.timeout: float | None = None

    @property
    def in_waiting(self) -> int:
        return self._console.in_waiting

    def read(self, size: int = 1, /) -> bytes:
        self._console.timeout = self.timeout
        data = self._console.read(size)
        if self.lost:
            return data
        self._heard += data
        told = b"\xa5\x5a\xf0" in self._heard
        self.lost = told and not data
        return b"" if told else data

    def write(self, data: bytes, /) -> int | None:
        return self._console.write(data)


@pytest.mark.parametrize("name", ["an386", "an547", "netduinoplus2"])
def test_a_fault_report_that_was_lost_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """No interrupt wakes a core out of a fault's handler, so it must not sleep there."""
    monkeypatch.setattr(session, "RESEND_AFTER_S", 0.2)
    board = find_board(name)
    app = APP_C.replace("    int best = 0;", '    __asm__ volatile("udf #0");\n    int best = 0;')
    firmware = build(tmp_path, board, app_c=app)
    machine = start(board, firmware)
    machine.console = Deaf(machine.console)
    try:
        machine.resume()
        report = converse(machine, firmware, SAMPLES)
    finally:
        machine.close()
    assert machine.console.lost
    assert report.outcome is RunOutcome.FAIL, report.reason
    assert "CFSR=0x00010000" in report.reason


@pytest.mark.parametrize(
    "statement",
    [
        "volatile int *volatile p = (int *)0x70000001; *p = 1;",  # nothing is there
        '__asm__ volatile("bkpt 0xab");',  # semihosting, which is never on
        "volatile char big[600000]; big[0] = 1; big[599999] = big[0];",  # below the RAM's begin
    ],
)
def test_other_faults(tmp_path: Path, statement: str) -> None:
    board = find_board("netduinoplus2")
    app = APP_C.replace("    int best = 0;", f"    {statement}\n    int best = 0;")
    report = run(build(tmp_path, board, app_c=app), tmp_path)
    assert report.outcome is RunOutcome.FAIL
    assert "in bw_app_on_result()" in report.reason
    assert "HFSR=0x" in report.reason


def test_a_core_that_locks_up_fails(tmp_path: Path) -> None:
    """A fault within the handling of a fault: QEMU gives up, and the firmware is to blame."""
    statement = (
        '__asm__ volatile("ldr r0, =0xE000ED08\\n ldr r1, =0x70000000\\n str r1, [r0]\\n udf #0");'
    )
    app = APP_C.replace("    int best = 0;", f"    {statement}\n    int best = 0;")
    report = run(build(tmp_path, app_c=app), tmp_path)
    assert report.outcome is RunOutcome.FAIL
    assert "Lockup" in report.reason


@pytest.mark.slow
def test_a_firmware_that_hangs_fails_and_says_where(tmp_path: Path) -> None:
    app = APP_C.replace(
        "    int best = 0;", "    for (volatile int on = 1; on;) { }\n    int best = 0;"
    )
    report = run(build(tmp_path, app_c=app), tmp_path, timeout_s=3.0)
    assert report.outcome is RunOutcome.FAIL
    assert "still computing, in bw_app_on_result()" in report.reason


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sign", "words"),
    [(signal.SIGKILL, "SIGKILL"), (signal.SIGSTOP, "does not react")],
)
def test_a_qemu_that_is_killed_or_stopped_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals, words: str
) -> None:
    monkeypatch.setattr(qemu, "ASK_TIMEOUT_S", 1.0)
    firmware = build(tmp_path)
    machine = start(AN386, firmware, 3.0)
    hit: list[int] = []

    def harm(done: int, total: int) -> None:
        if done == 10:
            hit.append(machine._process.pid)
            os.kill(machine._process.pid, sign)

    try:
        machine.resume()
        report = converse(machine, firmware, SAMPLES, on_progress=harm, response_timeout_s=3.0)
    finally:
        machine.close()
    assert hit
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert words in report.reason
    assert 10 <= report.samples < len(SAMPLES)
    assert not Path(f"/proc/{hit[0]}").exists()


def fake_qemu(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "bin" / "qemu-system-arm"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import sys; sys.exit('no such machine')", "code 1: no such machine"),
        ("import os; os.abort()", "SIGABRT"),
        ("import time; time.sleep(60)", "did not start within"),
        ("import os; [os.write(int(a.split('fd=')[1]), b'hello') for a in __import__('sys').argv "
         "if 'fd=' in a]", "code 0"),
    ],
    ids=["refuses", "aborts", "says nothing", "says nonsense"],
)  # fmt: skip
def test_a_qemu_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    firmware = build(tmp_path)
    fake_qemu(tmp_path, script, monkeypatch)
    monkeypatch.setattr(qemu, "START_TIMEOUT_S", 1.0)
    report = run(firmware, tmp_path)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert words in report.reason


def test_a_qemu_whose_timers_run_wrong_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without -icount the timer follows the host's clock."""
    firmware = build(tmp_path)
    plain = qemu.command_line

    def without_icount(*arguments):
        command = plain(*arguments)
        at = command.index("-icount")
        return command[:at] + command[at + 2 :]

    monkeypatch.setattr(qemu, "command_line", without_icount)
    report = run(firmware, tmp_path, SAMPLES[:3])
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert report.cost is None
    assert "known loop" in report.reason or "empty one" in report.reason


def test_a_sample_longer_than_the_timer_is_refused(tmp_path: Path) -> None:
    """170 million instructions wrap the timer: the count must be refused, not be small."""
    turns = 43_000_000
    loop = '__asm__ volatile("1: nop\\n nop\\n subs %0, %0, #1\\n bne 1b" : "+r"(n) : : "cc");'
    source = FEATURES_C.replace(
        "for (int row", f"unsigned n = {turns};\n    {loop}\n    for (int row", 1
    )
    report = run(build(tmp_path, features_c=source), tmp_path, SAMPLES[:1], timeout_s=60.0)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "more than the timer can count" in report.reason


def test_no_qemu_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    firmware = build(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    report = run(firmware, tmp_path)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "apt-get install" in report.reason
    assert "qemu-system-arm" in report.reason


RUN_FOR_EVER = """
import sys
from pathlib import Path
from hardware_runner.boards import find_board
from hardware_runner.measure import start
from tests.hardware_runner.test_qemu import build
machine = start(find_board("an386"), build(Path(sys.argv[1])))
print(machine._process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death ends QEMU on Linux only")
def test_qemu_ends_with_a_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", RUN_FOR_EVER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    descriptor = os.pidfd_open(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    ready, _, _ = select.select([descriptor], [], [], 10)
    os.close(descriptor)
    assert ready, "QEMU outlived the process that started it"
