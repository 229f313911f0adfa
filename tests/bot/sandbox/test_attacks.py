"""Each attack on each sandbox: contained, told by its reason, and nothing left behind."""

from __future__ import annotations

import dataclasses
import secrets
from pathlib import Path

import pytest

from bot.sandbox.container import GVISOR
from bot.sandbox.job import Limits, Reason
from bot.sandbox.process import ProcessSandbox
from tests.bot.sandbox.conftest import HARD_KINDS, LIMITS, MIB, Attack, Kind, Targets, attack_job

pytestmark = pytest.mark.slow

SHORT = dataclasses.replace(LIMITS, seconds=3)
TIGHT = dataclasses.replace(LIMITS, memory_bytes=256 * MIB)  # reached in half the time


@pytest.mark.parametrize("case", ["own", "child"])
def test_memory(attack: Attack, case: str) -> None:
    assert attack("memory", case, limits=TIGHT).reason is Reason.MEMORY


@pytest.mark.parametrize("case", ["memfd", "system_v"])
def test_memory_that_nobody_maps_is_refused(attack: Attack, case: str) -> None:
    assert "contained: " in attack("memory", case).log


# Without a control group nobody counts such pages, as docs/sandbox.md says.
@pytest.mark.parametrize("kind", HARD_KINDS, indirect=True)
def test_shared_memory_that_is_let_go_of(attack: Attack) -> None:
    assert attack("memory", "shared", limits=TIGHT).reason is Reason.MEMORY


@pytest.mark.parametrize("case", ["sleepers", "bomb"])
def test_processes(attack: Attack, kind: Kind, case: str) -> None:
    result = attack("processes", case)
    # gVisor gives itself up where it gets no thread any more, and cannot say why.
    told = (Reason.PROCESSES, Reason.FAILED) if kind.name == GVISOR else (Reason.PROCESSES,)
    assert result.reason in told
    assert result.seconds < LIMITS.seconds


@pytest.mark.parametrize("case", ["out", "entries", "deep"])
def test_results_beyond_the_quota(attack: Attack, case: str) -> None:
    limits = dataclasses.replace(LIMITS, output_bytes=64 * MIB)
    assert attack("disk", case, limits=limits).reason is Reason.DISK


def test_temporary_files(attack: Attack) -> None:
    result = attack("disk", "temporary")
    assert result.reason is Reason.DISK
    assert result.log.count("contained: ") == 3


def test_a_file_that_claims_more_than_there_is(attack: Attack) -> None:
    assert "contained: 1 TiB" in attack("disk", "sparse").log


def test_network(attack: Attack) -> None:
    result = attack("network")
    assert result.completed
    assert result.log.count("contained: ") >= 10


def test_the_machine_s_files_and_secrets(attack: Attack, kind: Kind) -> None:
    result = attack("host")
    assert result.completed, result.log
    assert result.log.count("contained: ") >= 10
    if kind.is_docker:
        assert "setuid programs: 0" in result.log


def test_system_calls(attack: Attack) -> None:
    result = attack("calls")
    assert result.completed, result.log
    assert result.log.count("contained: ") >= 50


def test_writing_elsewhere(attack: Attack) -> None:
    result = attack("outside")
    assert result.completed
    assert result.log.count("contained: ") >= 20


def test_a_loop_that_ignores_signals(attack: Attack) -> None:
    result = attack("endless", "deaf", limits=SHORT)
    assert result.reason is Reason.TIMEOUT


def test_a_daemon_ends_with_the_job(attack: Attack) -> None:
    tag = f"daemon-{secrets.token_hex(6)}"
    assert attack("endless", "daemon", tag).completed
    assert running(tag) == []


def running(tag: str) -> list[str]:
    """Return the processes of this machine whose command line holds a tag."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if tag.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_the_first_process_cannot_be_stopped(attack: Attack) -> None:
    result = attack("endless", "init", limits=SHORT)
    assert result.completed
    assert "contained: ptrace" in result.log


def test_a_kill_from_within(attack: Attack) -> None:
    assert attack("endless", "killed").reason is Reason.KILLED


def test_a_flood_of_output(attack: Attack) -> None:
    result = attack("flood")
    assert result.reason is Reason.LOG
    assert result.log_truncated
    assert len(result.log) <= LIMITS.log_bytes


@pytest.mark.parametrize("case", ["link", "hard link", "folder", "pipe", "socket", "large"])
def test_results_that_are_no_plain_files(attack: Attack, case: str) -> None:
    result = attack("results", case, outputs={"model.tflite": 1000})
    assert result.reason is Reason.OUTPUT
    assert "model.tflite" in result.log
    assert result.outputs == {}


def test_a_folder_of_results_that_is_closed(attack: Attack) -> None:
    result = attack("results", "strange", outputs={"model.tflite": 1000})
    assert result.reason in (Reason.OUTPUT, Reason.DISK)


@pytest.mark.parametrize("case", ["incbin", "include", "environ", "zero", "array", "macros"])
def test_the_compiler_as_a_tool(attack: Attack, case: str) -> None:
    limits = dataclasses.replace(TIGHT, output_bytes=64 * MIB, seconds=20)
    result = attack("compiler", case, limits=limits)
    stopped = (Reason.FAILED, Reason.MEMORY, Reason.DISK, Reason.TIMEOUT)
    # What another process was given reads as empty, so that compiles.
    accepted = (*stopped, Reason.COMPLETED) if case == "environ" else stopped
    assert result.reason in accepted


@pytest.mark.parametrize("case", ["on", "off"])
def test_the_emulator_as_a_tool(attack: Attack, targets: Targets, case: str) -> None:
    result = attack("emulator", case)
    assert result.completed, result.log
    assert not targets.mark.exists()
    if case == "on":
        assert "contained: SYS_OPEN failed" in result.log


def test_attacks_refuse_to_run_outside(targets: Targets) -> None:
    job = attack_job(targets, "memory", "own", limits=Limits(seconds=30))
    outside = dataclasses.replace(job, argv=("python", "in/memory.py", "own"))
    result = ProcessSandbox(accept_any=True).run(outside)
    assert result.reason is Reason.FAILED
    assert "refused: an attack runs only inside a sandbox" in result.log
