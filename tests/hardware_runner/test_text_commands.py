"""The measuring firmware under a runner of MLPerf Tiny, and under whoever sends nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hardware_runner import rp2040
from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.errors import BuildError
from hardware_runner.export import export_files
from hardware_runner.machine import Machine
from hardware_runner.measure import measure, start
from hardware_runner.report import RunOutcome
from hardware_runner.session import Session
from tests.hardware_runner.export.exported import job as exported_job
from tests.hardware_runner.mlperf_runner import Device, Refused, Runner
from tests.hardware_runner.stand_in import CLASSES, RAW, STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc, needs_qemu

SAMPLES = np.random.default_rng(9).integers(0, 17, (8, 8, 8)).astype(np.uint8)
RAW_SAMPLES = [sample.tobytes() for sample in SAMPLES]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runner, Machine]]:
    """The firmware as a process of this machine, after its boot text."""
    folder = tmp_path_factory.mktemp("host")
    firmware = build_firmware(
        find_board("host"), write_project(folder / "p"), STAND_IN, folder / "o", text_model="sm01"
    )
    machine = start(firmware.board, firmware)
    try:
        machine.resume()
        runner = Runner(machine.console)
        assert runner.lines() == ["m-init-done"]
        yield runner, machine
    finally:
        machine.close()


@needs_arm_gcc
@needs_qemu
def test_a_standard_run_and_ours_agree_on_an_emulated_board(tmp_path: Path) -> None:
    board = find_board("mps2-an386")
    project = write_project(tmp_path / "p")
    plain = build_firmware(board, project, STAND_IN, tmp_path / "plain")
    both = build_firmware(board, project, STAND_IN, tmp_path / "both", text_model="sm01")
    by_frames = measure(board, plain, SAMPLES, lock_dir=tmp_path)
    assert by_frames.outcome is RunOutcome.PASS, by_frames.reason
    again = measure(board, both, SAMPLES, lock_dir=tmp_path)  # its boot text is skipped
    assert (again.scores, again.cost) == (by_frames.scores, by_frames.cost)
    assert by_frames.cost is not None

    machine = start(board, both)
    try:
        machine.resume()
        runner = Runner(machine.console)
        assert runner.lines() == ["m-init-done"]
        assert runner.identify() == Device("mps2-an386", "boardwright-instructions", "sm01")
        labels = [int(np.argmax(scores)) for scores in by_frames.scores]
        labels[3] = (labels[3] + 1) % CLASSES
        assert runner.accuracy(RAW_SAMPLES, labels) == 7 / 8
        runner.load(RAW_SAMPLES[0])
        once = runner.infer(1, 0)
        assert [unit for unit, _ in once.laps] == ["instructions", "instructions"]
        assert once.results == tuple((score + 128) / 256 for score in by_frames.scores[0])
        each = 1 / runner.performance(RAW_SAMPLES[:5], 200)
        alone = by_frames.cost.features_median + by_frames.cost.model_median
        assert alone < each < alone + 100  # the loop, and a look at the timer
        long = runner.infer(60_000, 0)  # 115 million: the timer is set back on the way
        assert abs(long.elapsed / 60_000 - each) < 1
    finally:
        machine.close()


@needs_arm_gcc
@pytest.mark.skipif(
    not rp2040.is_installed(), reason=f"rp2040js is not installed: {rp2040.INSTALL}"
)
def test_a_board_with_a_clock_tells_microseconds(tmp_path: Path) -> None:
    board = find_board("pico")
    firmware = build_firmware(
        board, write_project(tmp_path / "p"), STAND_IN, tmp_path / "o", text_model="sm01"
    )
    machine = start(board, firmware)
    try:
        machine.resume()
        (answer,) = Session(machine.console).infer([RAW_SAMPLES[0]])
        alone_us = (answer.features_ticks + answer.model_ticks) * 1e6 / board.timer_hz
        runner = Runner(machine.console)
        runner.load(RAW_SAMPLES[0])
        inference = runner.infer(50, 1)
        assert [unit for unit, _ in inference.laps] == ["us", "us"]
        assert abs(inference.elapsed / 50 - alone_us) < 2
    finally:
        machine.close()


@needs_gcc
def test_a_board_without_a_clock_infers_and_claims_no_time(host) -> None:
    runner, _ = host
    assert runner.identify() == Device("host", "boardwright-us", "sm01")
    runner.load(RAW_SAMPLES[1])
    inference = runner.infer(10, 2)
    assert inference.laps == ()
    assert len(inference.results) == CLASSES
    with pytest.raises(Refused, match="no clock"):
        runner.command("timestamp")
    assert any("infer N W" in line for line in runner.command("help"))
    (results,) = runner.command("results")
    assert results.startswith("m-results-[0.")


@needs_gcc
@pytest.mark.parametrize(("sent", "why"), [
    ("reboot", "Unknown command"),
    ("names", "Unknown command"),
    ("x" * 200, "Longer than"),
    ("db load 63", "Not the size"),
    ("db load 99999999999999999999", "Not the size"),
    ("db load", "Not the size"),
    ("db 00", "begin with db load"),
    ("infer", "N is 1 to"),
    ("infer 0 0", "N is 1 to"),
    ("infer -1 0", "N is 1 to"),
    ("infer 1 99999999999", "N is 1 to"),
    ("infer 4294967297 0", "N is 1 to"),
    ("infer 1 0 0", "N is 1 to"),
    ("infer 1 0", "No sample"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_and_the_next_command_works(host, sent, why) -> None:
    runner, machine = host
    Session(machine.console).identify()  # a frame: what was loaded is forgotten
    runner = Runner(machine.console)
    with pytest.raises(Refused, match=why):
        runner.command(sent)
    assert runner.command("name") == ["m-name-dut-[host]"]


@needs_gcc
@pytest.mark.parametrize("damage", ["0", "000", "zz", "0 0", "0g"])
def test_a_damaged_piece_ends_the_loading(host, damage: str) -> None:
    runner, _ = host
    runner.command(f"db load {RAW}")
    with pytest.raises(Refused, match="hex"):
        runner.command(f"db {damage}")
    with pytest.raises(Refused, match="begin with"):
        runner.command("db 00")
    with pytest.raises(Refused, match="No sample"):
        runner.command("infer 1 0")


@needs_gcc
def test_more_bytes_than_a_sample_has_are_refused(host) -> None:
    runner, _ = host
    runner.command(f"db load {RAW}")
    runner.command("db " + "00" * 31)
    runner.command("db " + "00" * 31)
    with pytest.raises(Refused, match="More bytes"):
        runner.command("db " + "00" * 3)
    with pytest.raises(Refused, match="No sample"):
        runner.command("infer 1 0")


@needs_gcc
def test_an_end_alone_and_noise_before_a_command_do_no_harm(host) -> None:
    runner, machine = host
    assert runner.command("") == []
    machine.console.write(b"\xa5inf\0\xff\xa5\xa5")
    assert runner.command("\r\nname") == ["m-name-dut-[host]"]


@needs_gcc
def test_frames_and_commands_share_the_line(host) -> None:
    runner, machine = host
    runner.load(RAW_SAMPLES[2])
    machine.console.write(b"infer 1")  # and a frame in the middle of it
    session = Session(machine.console)
    assert session.identify().board == "host"
    spelled = b"name%profile%".ljust(RAW, b"%")
    (answer,) = session.infer([spelled])
    assert len(answer.scores) == CLASSES
    runner = Runner(machine.console)
    assert runner.command("name") == ["m-name-dut-[host]"]  # nothing was said meanwhile
    with pytest.raises(Refused, match="No sample"):  # the frame had its memory
        runner.command("infer 1 0")


@needs_gcc
@pytest.mark.parametrize("model", ["a b", 'x"', "%", "a" * 41])
def test_a_model_is_named_so_that_every_runner_can_read_it(tmp_path: Path, model: str) -> None:
    with pytest.raises(BuildError, match="no name of a model"):
        build_firmware(
            find_board("host"), write_project(tmp_path / "p"), STAND_IN, tmp_path / "o",
            text_model=model,
        )  # fmt: skip


@pytest.mark.parametrize(("kind", "board"), [
    ("cmake", "nucleo-f446re"),
    ("arduino", "arduino-nano33ble"),
])  # fmt: skip
def test_an_export_answers_where_that_is_asked_for(kind: str, board: str) -> None:
    def names(text_model: str) -> tuple[set[str], str]:
        job = exported_job(find_board(board), kind, text_model=text_model)
        files = export_files(job, kind)
        (header,) = (text for name, text in files.items() if name.endswith("bw_build.h"))
        return {Path(name).name for name in files}, header.decode()

    plain, without = names("")
    both, header = names("kws01")
    assert both - plain == {"bw_text.c", "bw_text.h"}
    assert '#define BW_TEXT_MODEL "kws01"' in header
    assert '#define BW_TEXT_UNIT "us"' in header
    assert "BW_TEXT" not in without
