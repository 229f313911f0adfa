"""An attached board: flashed once, open before its reset, brought back step by step."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hardware_runner import flashed
from hardware_runner.attached import AttachedBoard, Wiring, start_attached
from hardware_runner.bench import Meter, Place, TerminalConsole
from hardware_runner.boards import BOARDS
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.console import FakeConsole
from hardware_runner.energy.ppk2 import Ppk2
from hardware_runner.errors import BenchError, BoardDied, ToolFailed
from hardware_runner.process import with_parent
from hardware_runner.protocol import Frame, FrameType
from hardware_runner.qemu import Qmp, command_line
from hardware_runner.report import Footprint, RunOutcome
from hardware_runner.run import converse
from hardware_runner.tools.flasher import Image
from tests.hardware_runner.fake_firmware import FakeFirmware
from tests.hardware_runner.stand_in import STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_qemu

BOARD = BOARDS["nucleo-f446re"]


class Named(FakeFirmware):
    """A firmware that says which build it is."""

    def __init__(self, build_id: str) -> None:
        super().__init__()
        self.build_id = build_id

    def _handle(self, request: Frame) -> bytes:
        if request.type != FrameType.HELLO:
            return super()._handle(request)
        from hardware_runner.protocol import encode

        facts = struct.pack("<BBBcIIHIB", 1, 2, 1, b"u", 3, 3, 3, 0, len(self.build_id))
        names = (self.build_id + BOARD.name).encode()
        return encode(Frame(request.type | 0x80, request.sequence, facts + names))


class Desk:
    """A tool and a console in one, that note what is done in order."""

    name = "tool"

    def __init__(self, *, uses_console: bool = False, reset_line: str = "none") -> None:
        self.did: list[str] = []
        self.uses_console = uses_console
        self.reset_line = reset_line
        self.image = "elf"
        self.runs = "old"  # the build in its flash
        self.lost = ""
        self.is_open = False
        self.timeout: float | None = None
        self.refuses: Exception | None = None
        self.is_silent = False
        self._console = FakeConsole(lambda data: b"")

    def version(self) -> str:
        return "1.0"

    def flash(self, image: Image) -> None:
        assert not self.is_open, "the console was open while the board was flashed"
        self._do("flash")
        self.runs = image.path.read_text()

    def reset(self) -> None:
        assert self.is_open != self.uses_console
        self._do("reset")

    def erase(self) -> None:
        assert not self.is_open
        self._do("erase")

    def open_soon(self) -> None:
        if self.refuses:
            raise self.refuses
        self._do("open")
        self.is_open = True
        self._console = FakeConsole((lambda data: b"") if self.is_silent else Named(self.runs))

    def close(self) -> None:
        self.is_open = False

    @property
    def in_waiting(self) -> int:
        return self._console.in_waiting

    def read(self, size: int = 1, /) -> bytes:
        return self._console.read(size)

    def write(self, data: bytes, /) -> int | None:
        return self._console.write(data)

    def __setattr__(self, name: str, value: object) -> None:
        if name in ("dtr", "rts"):
            self._do(f"{name} {value}")
        super().__setattr__(name, value)

    def _do(self, what: str) -> None:
        self.did.append(what)

    def take(self) -> list[str]:
        done, self.did = self.did, []
        return done


def firmware(folder: Path, build_id: str = "new") -> Firmware:
    elf = folder / "firmware.elf"
    elf.write_text(build_id)
    nothing = Footprint(
        flash_bytes=0, flash_limit_bytes=1, ram_bytes=0, ram_limit_bytes=1, model_code_bytes=0,
        model_constant_bytes=0, arena_bytes=0,
    )  # fmt: skip
    return Firmware(BOARD, elf, "0" * 64, build_id, nothing, (), {})


def attach(desk: Desk, folder: Path, *, has_lines: bool = False) -> AttachedBoard:
    built = firmware(folder)
    wiring = Wiring("left", desk, desk, has_lines, folder / "memory", lambda seconds: None)  # type: ignore[arg-type]
    return AttachedBoard(wiring, Image(built.elf, "elf", 0), built)


def test_a_probe_resets_with_the_console_open(tmp_path: Path) -> None:
    desk = Desk()
    board = attach(desk, tmp_path)
    board.prepare()
    assert board.was_flashed
    assert desk.take() == ["flash", "open"]
    board.resume()
    assert desk.take() == ["reset"]
    assert board.tools == {"tool": "1.0"}


def test_a_boot_loader_on_the_same_port_has_reset_the_board_already(tmp_path: Path) -> None:
    desk = Desk(uses_console=True)
    board = attach(desk, tmp_path)
    board.prepare()
    desk.take()
    board.resume()
    assert desk.take() == []
    board.reset()
    assert desk.take() == ["reset", "open"]
    board.resume()
    assert desk.take() == ["reset", "open"]


@pytest.mark.parametrize(("line", "pulse"), [
    ("rts", ["dtr False", "rts True", "rts False"]),
    ("dtr", ["dtr False", "rts False", "rts False", "dtr True"]),
])  # fmt: skip
def test_a_modem_line_resets_with_the_console_open(
    tmp_path: Path, line: str, pulse: list[str]
) -> None:
    desk = Desk(uses_console=True, reset_line=line)
    board = attach(desk, tmp_path, has_lines=True)
    board.prepare()
    desk.take()
    board.resume()
    assert desk.take() == pulse
    assert not attach(Desk(uses_console=True, reset_line=line), tmp_path).pulse_reset()
    assert not attach(Desk(), tmp_path, has_lines=True).pulse_reset()


def test_a_firmware_that_was_written_and_answers_is_not_written_again(tmp_path: Path) -> None:
    desk = Desk()
    attach(desk, tmp_path).prepare()
    desk.take()
    desk.close()
    again = attach(desk, tmp_path)
    again.prepare()
    assert not again.was_flashed
    assert "flash" not in desk.take()
    again.resume()
    assert desk.take() == ["reset"]


@pytest.mark.parametrize(
    "why", ["it only claims to be", "it was changed", "it is silent", "no reset"]
)
def test_what_is_not_proven_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "it is silent":
        monkeypatch.setattr("hardware_runner.attached.ASK_TIMEOUT_S", 0.0)
    desk = Desk(uses_console=why == "no reset")
    if why == "it only claims to be":
        desk.runs = "new"  # and nobody remembers having written it
    else:
        attach(desk, tmp_path).prepare()
        desk.close()
    if why == "it was changed":
        desk.runs = "other"
    desk.is_silent = why == "it is silent"
    desk.take()
    board = attach(desk, tmp_path)
    board.prepare()
    assert board.was_flashed
    assert desk.take()[-2:] == ["flash", "open"]


def test_a_writing_that_fails_is_not_remembered(tmp_path: Path) -> None:
    desk = Desk()
    board = attach(desk, tmp_path)
    board.prepare()

    def fail(image: Image) -> None:
        raise ToolFailed("no")

    desk.flash = fail  # type: ignore[method-assign]
    with pytest.raises(ToolFailed):
        board.reflash()
    image = Image(tmp_path / "firmware.elf", "elf", 0)
    assert not flashed.is_remembered("left", image, tmp_path / "memory")


def test_steps_of_a_recovery(tmp_path: Path) -> None:
    desk = Desk()
    board = attach(desk, tmp_path)
    board.prepare()
    desk.take()
    board.reopen()
    assert desk.take() == ["open"]
    board.reset()
    assert desk.take() == ["reset"]
    board.reflash()
    assert desk.take() == ["flash", "open"]
    assert board.died() is None
    desk.lost = "/dev/ttyACM0 broke off"
    death = board.died()
    assert death is not None
    assert (death.reason, death.by_firmware) == ("/dev/ttyACM0 broke off", False)
    assert board.busy_at() is None
    board.erase()
    assert desk.take() == ["erase"]
    assert not flashed.is_remembered(
        "left", Image(tmp_path / "firmware.elf", "elf", 0), tmp_path / "memory"
    )
    board.close()
    board.close()


def test_a_console_that_does_not_open_names_place_and_cure(tmp_path: Path) -> None:
    desk = Desk()
    desk.refuses = PermissionError(13, "Permission denied")
    with pytest.raises(BoardDied, match=r"console of left does not open: .*bench doctor"):
        attach(desk, tmp_path).prepare()


def test_a_place_that_cannot_be_is_refused(tmp_path: Path) -> None:
    built = firmware(tmp_path)
    place = Place(name="left", board=BOARD.name, flasher="openocd")
    image = Image(built.elf, "elf", 0)
    with pytest.raises(BenchError, match=r"'left' has no console"):
        start_attached(place, BOARD, image, built)
    desk = Desk()
    desk.image = "uf2"
    at = place.model_copy(update={"console": TerminalConsole(kind="pty", path="/nowhere")})
    with pytest.raises(BenchError, match=r"takes \.uf2 files.*is \.elf: change `flasher`"):
        start_attached(at, BOARD, image, built, flasher=desk)  # type: ignore[arg-type]


class QemuDesk(Desk):
    """A board that is QEMU: flashing starts it anew with the ELF file, its terminal at `link`."""

    def __init__(self, link: Path) -> None:
        super().__init__()
        self.link = link
        self._running = contextlib.ExitStack()
        self._qmp: Qmp | None = None

    def flash(self, image: Image) -> None:
        self.close()
        self._do("flash")
        ours, theirs = socket.socketpair()
        with theirs:
            command = command_line(BOARDS["mps2-an386"], image.path, theirs.fileno())
            process = subprocess.Popen(
                with_parent(command), pass_fds=(theirs.fileno(),), stdout=subprocess.DEVNULL
            )
        self._running.callback(process.wait)
        self._running.callback(process.kill)
        ours.settimeout(30)
        self._qmp = Qmp(ours)
        self._running.callback(self._qmp.close)
        (pty,) = [d["filename"] for d in self._qmp("query-chardev") if "pty:" in d["filename"]]
        self.link.symlink_to(pty.removeprefix("pty:"))

    def reset(self) -> None:
        self._do("reset")
        assert self._qmp is not None
        self._qmp("system_reset")
        self._qmp("cont")

    def close(self) -> None:
        self._running.close()
        self.link.unlink(missing_ok=True)


@needs_arm_gcc
@needs_qemu
def test_a_board_behind_a_terminal_is_measured_reset_and_flashed_again(tmp_path: Path) -> None:
    board = BOARDS["mps2-an386"]
    built = build_firmware(board, write_project(tmp_path / "project"), STAND_IN, tmp_path / "out")
    samples = np.random.default_rng(1).integers(0, 17, (6, 64)).astype(np.uint8)
    link = tmp_path / "board"
    place = Place(
        name="left", board=board.name, flasher="openocd",
        console=TerminalConsole(kind="pty", path=str(link)),
    )  # fmt: skip
    desk = QemuDesk(link)
    with contextlib.closing(desk):
        machine = start_attached(
            place, board, Image(built.elf, "elf", 0), built,
            flasher=desk, memory=tmp_path / "memory",
        )  # fmt: skip
        assert isinstance(machine, AttachedBoard)
        machine.resume()
        first = converse(machine, built, samples)
        assert first.outcome is RunOutcome.PASS, first.reason
        assert first.tools["tool"] == "1.0"
        machine.reset()
        assert converse(machine, built, samples).scores == first.scores
        machine.reflash()  # it comes back as another terminal
        machine.resume()
        again = converse(machine, built, samples)
        assert (again.outcome, again.scores) == (RunOutcome.PASS, first.scores)
        assert again.cost == first.cost
        assert desk.did == ["flash", "reset", "reset", "flash", "reset"]
        machine.close()


def test_an_emulated_place_is_started_by_its_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = firmware(tmp_path)
    started: list[object] = []
    monkeypatch.setattr("hardware_runner.attached.start", lambda *given: started.append(given))
    place = Place(name="left", board="mps2-an386", flasher="qemu")
    start_attached(place, BOARDS["mps2-an386"], Image(built.elf, "elf", 0), built, 3.0)
    assert started == [(BOARDS["mps2-an386"], built, 3.0)]


def test_a_board_behind_a_meter_is_fed_before_it_is_flashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = firmware(tmp_path)
    desk = Desk()
    monkeypatch.setattr(
        Ppk2, "supply", lambda self: desk.did.append(f"feed by {self.meter.serial}")
    )
    monkeypatch.setattr("hardware_runner.attached.line_at", lambda console, **given: desk)
    place = Place(
        name="left", board=BOARD.name, flasher="openocd", meter=Meter(kind="ppk2", serial="D7"),
        console=TerminalConsole(kind="pty", path="/nowhere"),
    )  # fmt: skip
    start_attached(
        place,
        BOARD,
        Image(built.elf, "elf", 0),
        built,
        flasher=desk,
        memory=tmp_path / "memory",  # type: ignore[arg-type]
    )
    assert desk.did == ["feed by D7", "flash", "open"]
