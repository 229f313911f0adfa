"""`boardwright bench`: what people at the bench see, and how each command ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.bench_release import release_place
from bot.cli import invoke
from bot.enrolment import Wishes, enroll
from hardware_runner.answering import Proof, prove_well
from hardware_runner.bench import Bench, Place, SerialConsole, Usb
from hardware_runner.bench_file import read_bench
from hardware_runner.boards import find_board
from hardware_runner.condition import wedge, wedged
from hardware_runner.enroll import Surroundings, prove_reset
from hardware_runner.errors import NoReset
from hardware_runner.lease import holder, is_held, lease
from hardware_runner.power.uhubctl import Proof as PowerProof
from tests.hardware_runner.mischief import PlayedTool, Player
from tests.hardware_runner.usb_tree import plug

NUCLEO = find_board("nucleo-f446re")
USB = Usb(vendor="0483", product="374b", serial="A1")
LEFT = Place(
    name="left", board=NUCLEO.name, flasher="openocd", probe=USB,
    console=SerialConsole(**USB.model_dump()),
)  # fmt: skip
BENCH = Bench(name="attic", place=(LEFT,))


@pytest.fixture(autouse=True)
def attic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOARDWRIGHT_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("BOARDWRIGHT_BENCH", str(tmp_path / "bench.toml"))
    (tmp_path / "locks").mkdir()
    return tmp_path / "bench.toml"


@pytest.fixture
def player():
    played = Player(NUCLEO)
    yield played
    played.close()


@pytest.fixture
def around(tmp_path: Path, player: Player) -> Surroundings:
    plug(tmp_path / "sys", "1-1", "0483", "374b", "A1")
    return Surroundings(
        sys=tmp_path / "sys", mounts=tmp_path / "mounts", ports=player.ports, answer_s=0.2,
        flasher=lambda place, board: PlayedTool(player),
        prove_power=lambda port: PowerProof(True, "it went and came back."),
    )  # fmt: skip


def test_an_emulated_bench_from_nothing_to_its_status(
    attic: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke(["bench", "status"]) == 3
    assert "`boardwright bench enroll` finds the boards" in capsys.readouterr().err
    monkeypatch.setattr("bot.enrolment.Surroundings", lambda: Surroundings(sys=attic.parent))
    line = ["bench", "enroll", "--yes", "--name", "attic"]
    assert invoke([*line, "--emulated", "an386", "--emulated", "an386"]) == 0
    assert invoke([*line, "--emulated", "m4"]) == 0  # it is there, so nothing is added
    assert [p.name for p in read_bench(attic).places] == ["mps2-an386", "mps2-an386-2"]
    capsys.readouterr()
    wedge("mps2-an386-2", attic.parent / "locks", "it fell silent: [/dev/tty0] \x1b[31m")
    with lease("mps2-an386", timeout_s=0):
        assert invoke(["bench", "status", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in rows] == ["held", "wedged"]
    assert "it fell silent" in rows[1]["detail"]
    assert invoke(["bench", "status"]) == 0
    shown = capsys.readouterr().out
    assert "mps2-an386-2" in shown and "[/dev/tty0]" in shown and "\x1b" not in shown
    assert invoke(["bench", "release", "mps2-an386-2"]) == 0
    assert wedged("mps2-an386-2", attic.parent / "locks") is None
    assert invoke(["bench", "release", "mps2-an386-3"]) == 3
    assert "Did you mean" in capsys.readouterr().err


def test_a_hold_is_seen_and_released(attic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attic.write_text(
        'schema_version = 1\nname = "attic"\n[[place]]\nname = "a"\nboard = "mps2-an386"\n'
        'flasher = "qemu"\n'
    )
    assert invoke(["bench", "hold", "a", "--for", " "]) == 2
    assert invoke(["bench", "hold", "a", "--for", "new probe", "--minutes", "5"]) == 0
    who = holder("a")
    assert who is not None
    assert who.purpose == "new probe"
    assert invoke(["bench", "release", "a"]) == 0
    assert not is_held("a")
    assert "new probe) ended" in capsys.readouterr().out


def test_enrolment_says_what_it_found_and_adds_what_obeys(
    attic: Path, around: Surroundings
) -> None:
    said: list[str] = []
    wishes = Wishes(attic, "attic", power={"A1": "1-1.4:2"}, tags=("erase",))
    assert enroll(wishes, said.append, around) == 0
    assert any("openocd 1.0 reset it" in line for line in said)
    assert any("power: proven: it went and came back." in line for line in said)
    (place,) = read_bench(attic).places
    assert (place.board, place.tags) == (NUCLEO.name, ("erase",))
    assert place.power is not None
    assert place.power.proven is not None
    before = attic.read_bytes()
    assert enroll(wishes, said.append, around) == 0
    assert "is on the bench already" in said[-2]
    assert attic.read_bytes() == before


def test_what_cannot_be_known_is_asked_or_left_out(attic: Path, around: Surroundings) -> None:
    quiet = replace(around, ports=lambda: [])
    said: list[str] = []
    assert enroll(Wishes(attic, "attic"), said.append, quiet) == 3
    assert any("say which with --board A1=nucleo-f446re" in line for line in said)
    assert not attic.exists()
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "l476rg"

    assert enroll(Wishes(attic, "attic", ask=answer), said.append, quiet) == 0
    assert "which board is A1" in asked[0]
    assert read_bench(attic).places[0].board == "nucleo-l476rg"


def test_a_board_that_does_not_reset_is_not_added(
    attic: Path, around: Surroundings, player: Player
) -> None:
    tool = PlayedTool(player)
    tool.broken = "no target voltage"
    said: list[str] = []
    around = replace(around, flasher=lambda place, board: tool)
    assert enroll(Wishes(attic, "attic"), said.append, around) == 3
    assert any("does not obey, so it is not added: no target voltage" in line for line in said)
    assert not attic.exists()


def test_rights_can_be_had_before_there_is_a_bench(
    attic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not attic.exists()
    assert invoke(["bench", "doctor", "--rules"]) == 0
    assert 'ATTRS{idVendor}=="0483", ATTRS{idProduct}=="374b"' in capsys.readouterr().out


def test_a_bench_has_a_plain_name(attic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["bench", "enroll", "--yes", "--name", "../x", "--emulated", "m4"]) == 2
    assert "such as `attic`" in capsys.readouterr().err and not attic.exists()


@pytest.mark.parametrize("option", [["--power", "A1"], ["--board", "=x"]])
def test_what_is_no_pair_is_refused(option: list[str]) -> None:
    assert invoke(["bench", "enroll", "--yes", *option]) == 2


def test_a_wedge_stays_until_the_board_is_proven_well(tmp_path: Path, player: Player) -> None:
    locks, tool, said = tmp_path / "locks", PlayedTool(player), []
    wedge("left", locks, "it fell silent")

    def prove(place: Place) -> Proof:
        assert is_held("left", locks)
        return prove_well(place, flasher=tool, timeout_s=0.2, ports=player.ports)

    player.answers_as = "esp32s3"
    assert release_place(BENCH, LEFT, locks, said.append, prove) == 3
    assert "'esp32s3' answers at the place left" in said[-1]
    player.answers_as = NUCLEO.name
    tool.broken = "no probe"
    assert release_place(BENCH, LEFT, locks, said.append, prove) == 3
    assert "openocd cannot reset it: no probe" in said[-1]
    assert wedged("left", locks) is not None
    tool.broken = ""
    assert release_place(BENCH, LEFT, locks, said.append, prove) == 0
    assert "nucleo-f446re with build" in said[-1]
    assert wedged("left", locks) is None
    assert "erase" not in tool.calls


def test_a_board_without_our_firmware_is_well_where_its_tool_rules_it(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware_runner.session.RESEND_AFTER_S", 0.05)
    player.reset = lambda: None
    player._take = lambda item: b""
    tool = PlayedTool(player)
    proof = prove_well(LEFT, flasher=tool, timeout_s=0.2, ports=player.ports)
    assert (proof.is_proven, tool.calls) == (True, ["reset", "erase", "reset"])


def test_a_board_whose_tool_has_no_reset_can_be_enrolled_and_released(
    around: Surroundings, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware_runner.session.RESEND_AFTER_S", 0.05)
    player._take = lambda item: b""
    tool = PlayedTool(player)

    def refuse() -> None:
        raise NoReset("flash it again.")

    monkeypatch.setattr(tool, "reset", refuse)
    assert "has no reset" in prove_reset(LEFT, NUCLEO, replace(around, flasher=lambda *_: tool))
    for sys, proven in ((around.sys, True), (around.sys / "none", False)):
        proof = prove_well(LEFT, flasher=tool, timeout_s=0.2, ports=player.ports, sys=sys)
        assert proof.is_proven is proven and "plugged in" in proof.how


def test_a_hold_ends_with_an_interrupt_as_it_said(
    attic: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke(["bench", "enroll", "--yes", "--name", "attic", "--emulated", "m4"]) == 0

    def interrupted(*_: object, on_held: Callable[[], None], **__: object) -> bool:
        on_held()
        raise KeyboardInterrupt

    monkeypatch.setattr("hardware_runner.hold.keep", interrupted)
    assert invoke(["bench", "hold", "mps2-an386", "mps2-an386", "--for", "SPI"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "mps2-an386: released."


def test_locks_that_cannot_be_are_told_with_their_folder(
    attic: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke(["bench", "enroll", "--yes", "--name", "attic", "--emulated", "m4"]) == 0
    monkeypatch.setenv("BOARDWRIGHT_LOCKS", str(attic))
    assert invoke(["bench", "status"]) == 3
    assert f"no locks in {attic}: File exists. Set BOARDWRIGHT_LOCKS" in capsys.readouterr().err


def test_a_run_is_never_broken(attic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attic.write_text(
        'schema_version = 1\nname = "attic"\n[[place]]\nname = "a"\nboard = "mps2-an386"\n'
        'flasher = "qemu"\n'
    )
    with lease("a", timeout_s=0):
        assert invoke(["bench", "release", "a"]) == 3
        assert is_held("a")
    assert "that is a run, which ends by itself" in capsys.readouterr().err


def test_the_doctor_ends_with_3_where_something_is_wrong(
    attic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attic.write_text(
        'schema_version = 1\nname = "attic"\n[[place]]\nname = "a"\nboard = "mps2-an386"\n'
        'flasher = "qemu"\n'
    )
    wedge("a", attic.parent / "locks", "it fell silent")
    assert invoke(["bench", "doctor"]) == 3
    assert "boardwright bench release a" in capsys.readouterr().out
    assert invoke(["bench", "doctor", "--rules"]) == 0
    assert "boardwright_end" in capsys.readouterr().out


def test_places_that_labgrid_reserves_are_held_there(
    attic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attic.write_text(
        'name = "farm"\nreservation = "labgrid://rig:20408"\n\n'
        '[[place]]\nname = "left"\nboard = "mps2-an386"\nflasher = "qemu"\n'
    )
    assert invoke(["bench", "hold", "left", "--for", "new probe"]) == 2
    assert "labgrid-client --coordinator rig:20408 --place left acquire" in capsys.readouterr().err
    assert not is_held("left", tmp_path / "locks")
