"""What labgrid-client says, as it was recorded from labgrid 26.0.1."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hardware_runner.bench import Bench, NetworkConsole, Place
from hardware_runner.bench_doctor import examine
from hardware_runner.bench_erase import erase_left
from hardware_runner.errors import BenchError, ToolFailed, ToolLate, ToolMissing
from hardware_runner.labgrid import Labgrid, LabgridPlace
from hardware_runner.labgrid_client import Client, console_of, holder_of
from hardware_runner.lease import is_held, take_any
from hardware_runner.tools.flasher import Flasher
from tests.hardware_runner.labgrid_farm import CLIENT

SHOWN = """\
Place 'left':
  matches:
    exp1/left/*
  acquired: vm/boardwright-77-a1
  acquired resources:
    exp1/left/NetworkSerialPort/NetworkSerialPort
  created: 2026-11-21 19:00:46.557620
  changed: 2026-11-21 19:01:04.498670
  reservation: 5U2POGL47J
Acquired resource 'NetworkSerialPort' (exp1/left/NetworkSerialPort/NetworkSerialPort):
  {'acquired': 'left',
   'avail': True,
   'cls': 'NetworkSerialPort',
   'params': {'extra': {'proxy': 'localhost', 'proxy_required': False},
              'host': '127.0.0.1',
              'port': 45001,
              'protocol': 'raw',
              'speed': 115200}}
"""
FARM = Bench(
    name="farm",
    reservation="labgrid://rig:20408",
    place=(Place(name="left", board="mps2-an386", flasher="qemu", tags=("erase",)),),
)
SECOND = SHOWN[SHOWN.index("Acquired resource") :]


def test_holder_and_line_of_a_place() -> None:
    assert holder_of(SHOWN) == "vm/boardwright-77-a1"
    assert holder_of("Place 'left':\n  acquired: None\n") == ""
    assert console_of(SHOWN, "left") == NetworkConsole(kind="tcp", address="127.0.0.1:45001")
    by_ser2net = SHOWN.replace("              'protocol': 'raw',\n", "").replace("115200", "921600")
    assert console_of(by_ser2net, "left") == NetworkConsole(
        kind="rfc2217", address="127.0.0.1:45001", baud=921_600
    )
    assert console_of(SHOWN.replace("/NetworkSerialPort/", "/NetworkPowerPort/"), "left") is None


def test_of_several_lines_the_one_called_console_is_meant() -> None:
    other = SECOND.replace("'NetworkSerialPort' (", "'console' (").replace("45001", "45002")
    named = console_of(SHOWN + other, "left")
    assert named is not None
    assert named.address == "127.0.0.1:45002"
    with pytest.raises(BenchError, match=r"several serial ports .*add-named-match"):
        console_of(SHOWN + other.replace("'console'", "'trace'"), "left")


@pytest.mark.parametrize(("text", "changed", "why"), [
    ("'proxy_required': False", "'proxy_required': True", "but through SSH"),
    ("45001", "None", "not known"),
    ("45001", "__import__('os').getpid()", "not known"),
    ("'host': '127.0.0.1',", "", "not known"),
    ("'params': {", "'other': {", "not known"),
])  # fmt: skip
def test_a_line_that_cannot_be_used_is_refused(text: str, changed: str, why: str) -> None:
    with pytest.raises(BenchError, match=why):
        console_of(SHOWN.replace(text, changed), "left")


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Client:
    """Return a client whose program is a few lines of shell."""
    path = folder / "labgrid-client"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("BOARDWRIGHT_LABGRID", str(path))
    return Client("rig:20408", "boardwright-1")


def test_what_is_no_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = program(tmp_path, monkeypatch, 'echo "$@ $LG_USERNAME"')
    with pytest.raises(ToolFailed, match=r"not known .*rig:20408 reserve name=left boardwright-1"):
        client.reserve("left")
    with pytest.raises(BenchError, match="has no place 'left'"):  # it showed another one
        client.show("left")


def test_a_missing_program_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARDWRIGHT_LABGRID", "/nowhere")
    with pytest.raises(ToolMissing, match=r"scripts/labgrid\.sh"):
        Client("rig:20408", "me").show("left")


def test_the_doctor_asks_who_has_the_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def findings(script: str) -> list[tuple[str, str, str]]:
        program(tmp_path, monkeypatch, script)
        found = examine(FARM, tmp_path)
        return [(f.place, f.said, f.cure) for f in found if f.what == "labgrid"]

    shown = "echo \"Place 'left':\"; echo '  acquired: "
    assert findings(f"{shown}None'") == [("left", "free", "")]
    assert findings(f"{shown}vm/me'") == [("left", "held by vm/me", "")]
    (unknown,) = findings(
        "echo 'labgrid-client: Error: place pattern left matches nothing'; exit 1"
    )
    assert unknown[:2] == ("left", "does not know it")
    (away,) = findings("echo 'Server error: Error: Could not connect to coordinator'; exit 1")
    assert away[:2] == ("", "cannot be asked")
    assert "start it, or correct `reservation`" in away[2]


def test_what_others_have_is_not_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(
        tmp_path, monkeypatch,
        "case $3 in\n"
        "reserve) echo '  token: T'; echo '  state: waiting';;\n"
        "wait) exec sleep 60;;\n"
        "--place) echo \"Place 'left':\"; echo '  acquired: cellar/me';;\n"
        "*) echo $3 >>" + str(tmp_path / "did") + ";;\nesac",
    )  # fmt: skip

    def no_tool(place: Place) -> Flasher:
        raise AssertionError("it was touched")

    (erased,) = erase_left(FARM, lock_dir=tmp_path, lease_s=0.3, flasher_of=no_tool)
    assert erased.trouble == "somebody else holds it, and erases it after use"
    assert (tmp_path / "did").read_text() == "cancel-reservation\n"  # it waits no longer


def test_of_two_places_the_free_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(
        tmp_path, monkeypatch,
        f"echo $3 $4 $5 $6 >>{tmp_path / 'did'}\n"
        "case \"$3 $4 $5\" in\n"
        "'reserve name=left '*) echo '  token: T1'; echo '  state: waiting';;\n"
        "'reserve name=right '*) echo '  token: T2'; echo '  state: allocated';;\n"
        "*show) echo \"Place '$4':\"; echo '  acquired: attic/me';;\nesac",
    )  # fmt: skip
    farm = Labgrid("rig:20408", tmp_path)
    held = farm.take_any(["left", "right"], timeout_s=60.0, called_off=lambda: False)
    assert (held.place, held.lost, held.console) == ("right", "", None)
    assert is_held("right", tmp_path)
    assert not is_held("left", tmp_path)
    held.release()
    assert not is_held("right", tmp_path)
    assert [line.split() for line in (tmp_path / "did").read_text().splitlines()] == [
        ["reserve", "name=left"],
        ["--place", "left", "show"],
        ["reserve", "name=right"],
        ["--place", "+T2", "acquire"],
        ["--place", "right", "show"],
        ["cancel-reservation", "T1"],
        ["--place", "right", "release-from", "attic/me"],
        ["cancel-reservation", "T2"],
    ]


class Coordinator:
    """A client whose coordinator says this, in order; the last for ever."""

    def __init__(self, said: list[str | Exception]) -> None:
        self.said = said
        self.did: list[str] = []

    def wait(self, token: str, timeout_s: float = 0.0) -> str:
        answer = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self, place: str, holder: str) -> None:
        self.did.append(f"release {place} of {holder}")

    def cancel(self, token: str) -> None:
        self.did.append(f"cancel {token}")
        raise ToolFailed("the coordinator is away")


AWAY = ToolFailed("labgrid's coordinator at rig:1 does not answer")


@pytest.mark.parametrize(("said", "looks", "lost"), [
    (["acquired"], 9, ""),
    ([AWAY, AWAY, "acquired"], 9, ""),
    (["acquired", "allocated", "acquired"], 2, "Somebody took the place left away"),
    ([ToolFailed("Reservation T does not exist")], 1, "no longer known"),
    ([AWAY], 5, "does not answer"),
    ([OSError(28, "No space left on device"), "acquired"], 9, ""),
    ([ToolLate("labgrid-client did not end")], 5, "did not end"),
    ([ToolMissing("labgrid-client is not installed")], 1, "not installed"),
])  # fmt: skip
def test_a_place_is_lost_when_it_is_and_not_before(tmp_path: Path, said, looks, lost) -> None:
    coordinator = Coordinator(list(said))
    clock = iter(range(0, 10_000, 15))
    lease = take_any(["left"], timeout_s=0, lock_dir=tmp_path)
    held = LabgridPlace(
        coordinator, "T", "vm/me", lease, None, look_every_s=3600, now=lambda: next(clock)
    )
    for _ in range(looks - 1):
        assert held.look() == ""
    assert lost in held.look()
    assert bool(held.lost) == bool(lost)
    held.release()
    held.release()
    assert coordinator.did == ["release left of vm/me", "cancel T"]
    take_any(["left"], timeout_s=0, lock_dir=tmp_path).release()


@pytest.mark.skipif(not CLIENT.is_file(), reason="labgrid is not installed: run scripts/labgrid.sh")
def test_a_coordinator_that_never_answers_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BOARDWRIGHT_LABGRID", str(CLIENT))
    with (
        socket.create_server(("127.0.0.1", 0)) as server,  # connects, and no more
        pytest.raises(ToolLate, match=r"did not end within 1\.5 s"),
    ):
        Client(f"127.0.0.1:{server.getsockname()[1]}", "me").wait("T", timeout_s=1.5)
