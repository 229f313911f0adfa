"""Boards of a farm: a real coordinator and exporter, two who want one board, and those who die."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from hardware_runner import bench_run
from hardware_runner.attached import start_attached
from hardware_runner.bench import Bench, NetworkConsole, Place, Usb
from hardware_runner.bench_run import measure_bundle
from hardware_runner.boards import find_board
from hardware_runner.condition import wedged
from hardware_runner.errors import BenchError, BoardBusy, ToolFailed
from hardware_runner.gear import Gear
from hardware_runner.labgrid import Labgrid
from hardware_runner.labgrid_client import PROGRAM_VARIABLE, holder_of
from hardware_runner.lease import is_held
from hardware_runner.machine import Machine
from hardware_runner.recovery import Bounds
from hardware_runner.report import RunOutcome
from hardware_runner.results import Measured
from hardware_runner.tools.flasher import Image
from tests.hardware_runner.bench_bundle import built, pretended
from tests.hardware_runner.labgrid_farm import CLIENT, Farm, FarmDesk, farm, free_port
from tests.hardware_runner.mischief import Act, PlayedTool, Player, attach
from tests.hardware_runner.test_attached import QemuDesk
from tests.hardware_runner.tools import needs_arm_gcc, needs_qemu

pytestmark = [
    pytest.mark.slow,  # labgrid's program takes a second to start, and is started again and again
    pytest.mark.skipif(
        not CLIENT.is_file(), reason="labgrid is not installed: run scripts/labgrid.sh"
    ),
]

BOARD = find_board("mps2-an386")
PROBE = Usb(vendor="0483", product="374b", serial="A1")
LEFT = Place(name="left", board=BOARD.name, flasher="openocd", probe=PROBE)


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with farm(tmp_path_factory.mktemp("farm")) as made:
        yield made


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(CLIENT))


def bench_at(rig: Farm) -> Bench:
    return Bench(name="farm", reservation=f"labgrid://{rig.address}", place=(LEFT,))


def is_reserved(rig: Farm) -> bool:
    """Say whether anybody has or waits for a place; what was given up and expired may be listed."""
    return re.search("state: (waiting|allocated|acquired)", rig.person("reservations")) is not None


def holder(rig: Farm) -> str:
    return holder_of(rig.person("--place", "left", "show"))


@needs_arm_gcc
@needs_qemu
def test_two_hosts_want_one_board_and_each_gets_it_alone(rig: Farm, tmp_path: Path) -> None:
    bundle = built([BOARD], tmp_path)
    in_use = threading.Lock()
    seen: list[object] = []

    def measured_from(host: str) -> Measured:
        desk = FarmDesk(rig.line)

        def start(place: Place, *given) -> Machine:
            assert in_use.acquire(blocking=False), "the board was given to two at once"
            seen.append((place.console, holder(rig)))
            machine = start_attached(place, *given, flasher=desk, memory=tmp_path / host)
            close = machine.close

            def end() -> None:
                close()
                desk.close()
                in_use.release()

            machine.close = end  # type: ignore[method-assign]
            return machine

        results = measure_bundle(
            bench_at(rig), bundle, [BOARD.name], lock_dir=tmp_path / host,
            gear=Gear(start=start, switch=lambda place: None),
        )  # fmt: skip
        return results.boards[0]

    with ThreadPoolExecutor() as pool:
        both = list(pool.map(measured_from, ["attic", "cellar"]))
    for measured in both:
        assert measured.report.outcome is RunOutcome.PASS, measured.report.reason
        assert measured.place == "left"
        assert measured.recoveries == ()
    assert both[0].report.scores == both[1].report.scores
    line = NetworkConsole(kind="tcp", address=f"127.0.0.1:{rig.line}")
    assert [console for console, _ in seen] == [line, line]  # as it is exported
    holders = [who for _, who in seen]
    assert all(re.search(r"/boardwright-\d+-", who) for who in holders)
    assert holders[0] != holders[1]
    assert holder(rig) == ""
    assert not is_reserved(rig)


class Running(QemuDesk):
    """A board that runs already; it is flashed in name only."""

    def flash(self, image: Image) -> None:
        self._do("flash")


@needs_arm_gcc
@needs_qemu
@pytest.mark.skipif(shutil.which("ser2net") is None, reason="ser2net is not installed")
def test_a_port_that_an_exporter_serves_is_a_line_of_rfc_2217(tmp_path: Path) -> None:
    bundle = built([BOARD], tmp_path)
    desk = Running(tmp_path / "terminal")
    consoles: list[object] = []

    def start(place: Place, *given) -> Machine:
        consoles.append(place.console)
        return start_attached(place, *given, flasher=desk, memory=tmp_path / "memory")

    with contextlib.closing(desk):
        QemuDesk.flash(desk, bundle.image(BOARD.name))
        with farm(tmp_path, str(desk.link.readlink())) as rig:
            results = measure_bundle(
                bench_at(rig), bundle, [], lock_dir=tmp_path / "locks",
                gear=Gear(start=start, switch=lambda place: None),
            )  # fmt: skip
            assert holder(rig) == ""
    (measured,) = results.boards
    assert measured.report.outcome is RunOutcome.PASS, measured.report.reason
    assert measured.recoveries == ()
    (console,) = consoles
    assert isinstance(console, NetworkConsole)
    assert console.kind == "rfc2217"


def test_a_place_that_is_taken_away_ends_the_run_and_wedges_nothing(
    rig: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kicked(number: int, sample: bytes) -> Act:
        if number == 3:
            rig.person("--place", "left", "release", "--kick")
        return Act.ANSWER if number < 3 else Act.HANG

    monkeypatch.setattr(
        bench_run, "reservations_of", lambda bench, folder: Labgrid(rig.address, folder, 0.1)
    )
    player = Player(BOARD, kicked)
    tool = PlayedTool(player)
    start = partial(attach_player, player, tool, tmp_path / "memory")
    try:
        results = measure_bundle(
            bench_at(rig), pretended([BOARD], tmp_path), [], lock_dir=tmp_path / "locks",
            bounds=Bounds(run_s=3600, response_s=3600),
            gear=Gear(start=start, switch=lambda place: None),
        )  # fmt: skip
    finally:
        player.close()
    (measured,) = results.boards
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "Somebody took the place left away" in measured.report.reason
    assert measured.recoveries == ()
    assert tool.calls == ["flash", "reset"]  # nothing more was done with what is another's
    assert wedged("left", tmp_path / "locks") is None
    assert not is_held("left", tmp_path / "locks")
    assert holder(rig) == ""


def attach_player(player, tool, memory, place, board, image, firmware) -> object:
    return attach(player, tool, image, firmware, memory)


HOLD = """
import sys
from pathlib import Path
from hardware_runner.labgrid import Labgrid
Labgrid(sys.argv[1], Path(sys.argv[2])).take_any(["left"], timeout_s=60, called_off=lambda: False)
print("held", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_run_held_stays_held_until_a_person_gives_it_back(
    rig: Farm, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", HOLD, rig.address, str(tmp_path / "attic")]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGKILL)
    who = holder(rig)
    assert f"/boardwright-{process.pid}-" in who
    cellar = Labgrid(rig.address, tmp_path / "cellar")
    with pytest.raises(BoardBusy) as busy:
        cellar.take_any(["left"], timeout_s=1.0, called_off=never)
    assert f"held by {who} in labgrid" in str(busy.value)
    cure = shlex.split(re.search(r"labgrid-client (--coordinator .*) \(it is", str(busy.value))[1])
    subprocess.run([CLIENT, *cure], check=True, capture_output=True)
    (token,) = re.findall(rf"owner: {who}\n  token: (\w+)", rig.person("reservations"))
    rig.person("cancel-reservation", token)  # or a minute passes
    held = cellar.take_any(["left"], timeout_s=90.0, called_off=never)
    held.release()


def test_what_cannot_be_given_is_told_with_its_cure(rig: Farm, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"has no place 'lef': .*--place lef create"):
        Labgrid(rig.address, tmp_path).take_any(["lef"], timeout_s=60, called_off=never)
    assert not is_reserved(rig)
    away = f"127.0.0.1:{free_port()}"
    with pytest.raises(ToolFailed, match=f"coordinator at {away} does not answer: start it"):
        Labgrid(away, tmp_path).take_any(["left"], timeout_s=60, called_off=never)
    assert not is_held("left", tmp_path)
