"""Enrolment finds boards, asks them who they are, and adds only what is certain and obeys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hardware_runner.bench import Place, Usb
from hardware_runner.boards import find_board
from hardware_runner.enroll import (
    Surroundings,
    Uf2Drive,
    draft,
    emulated,
    look,
    prove_firmware,
    prove_reset,
    with_power,
)
from hardware_runner.errors import BenchError, ToolFailed, WrongFirmware
from hardware_runner.power.uhubctl import Proof
from hardware_runner.tools import make_flasher
from tests.hardware_runner.bench_bundle import BUILD_ID, bench_of, pretended
from tests.hardware_runner.mischief import PlayedTool, Player, attach
from tests.hardware_runner.usb_tree import plug

NUCLEO = find_board("nucleo-f446re")


@pytest.fixture
def player() -> Iterator[Player]:
    played = Player(NUCLEO)
    yield played
    played.close()


@pytest.fixture
def around(tmp_path: Path, player: Player) -> Surroundings:
    plug(tmp_path / "sys", "1-1", "0483", "374b", "A1")
    return Surroundings(
        sys=tmp_path / "sys",
        mounts=tmp_path / "mounts",
        ports=player.ports,
        answer_s=0.2,
        flasher=lambda place, board: PlayedTool(player),
    )


def test_a_probe_of_several_boards_is_told_by_what_answers(around: Surroundings) -> None:
    (sighting,) = look(None, around).sightings
    assert sighting.board is NUCLEO
    assert sighting.answer == "nucleo-f446re answered"
    place = draft(sighting, NUCLEO, {"nucleo-f446re"}, tags=["erase"])
    assert (place.name, place.flasher, place.tags) == ("nucleo-f446re-2", "openocd", ("erase",))
    assert place.probe == Usb(vendor="0483", product="374b", serial="A1")
    assert place.console is not None
    assert prove_reset(place, NUCLEO, around) == "openocd 1.0 reset it"
    again = look(bench_of(place), around)
    assert (again.sightings, len(again.known)) == ((), 1)


def test_a_board_that_says_nothing_could_be_several(around: Surroundings) -> None:
    quiet = replace(around, ports=lambda: [])
    (sighting,) = look(None, quiet).sightings
    assert sighting.board is None
    assert {b.name for b in sighting.boards} >= {"nucleo-f446re", "nucleo-l476rg"}
    assert "it has no console" in sighting.answer


def test_an_answer_that_cannot_be_is_not_believed(around: Surroundings, player: Player) -> None:
    player.answers_as = "esp32s3"
    (sighting,) = look(None, around).sightings
    assert sighting.board is None
    assert "'esp32s3' answered, which it cannot be" in sighting.answer


def test_two_of_a_kind_are_told_apart_and_strangers_named(
    around: Surroundings, tmp_path: Path
) -> None:
    plug(tmp_path / "sys", "1-2", "0483", "374b", "B2")
    plug(tmp_path / "sys", "1-3", "dead", "beef")
    found = look(None, around)
    assert [s.device.serial for s in found.sightings] == ["A1", "B2"]
    assert found.sightings[1].board is None  # the port of A1 is not taken for its own
    assert [d.location for d in found.others] == ["1-3"]


def test_a_device_without_a_serial_number_is_known_by_its_location(
    around: Surroundings, tmp_path: Path
) -> None:
    plug(tmp_path / "sys", "1-4", "2341", "005a")
    sighting = look(None, around).sightings[1]
    place = draft(sighting, sighting.boards[0], ())
    assert place.probe == Usb(vendor="2341", product="005a", location="1-4")


def test_a_debug_probe_is_used_as_one(around: Surroundings, tmp_path: Path) -> None:
    plug(tmp_path / "pico", "1-2", "2e8a", "000c", "E6614C")
    (sighting,) = look(None, replace(around, sys=tmp_path / "pico", ports=lambda: [])).sightings
    pico = find_board("pico")
    assert sighting.board is pico and pico.flasher == "picotool"
    place = draft(sighting, pico, ())
    assert place.flasher == "openocd"
    assert make_flasher(place, pico).name == "openocd"


def test_drives_that_wait_for_firmware_are_found(around: Surroundings, tmp_path: Path) -> None:
    drive = tmp_path / "RPI RP2"
    drive.mkdir()
    (drive / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\n")
    mounted = str(drive).replace(" ", "\\040")
    (tmp_path / "mounts").write_text(f"proc /proc proc rw 0 0\n/dev/sda1 {mounted} vfat rw 0 0\n")
    assert look(None, around).drives == (Uf2Drive(drive, "Raspberry Pi RP2"),)


def test_power_is_trusted_only_where_the_board_went(around: Surroundings) -> None:
    place = Place(name="left", board=NUCLEO.name, flasher="openocd")
    today = date(2026, 11, 21)
    for proven in (True, False):
        seen = replace(around, prove_power=lambda port, p=proven: Proof(p, "what was seen"))
        after, said = with_power(place, "1-1.4", 2, today, seen)
        assert said == "what was seen"
        assert after.power is not None
        assert after.power.proven == (today if proven else None)

    def fail(port: object) -> Proof:
        raise ToolFailed("no hub")

    after, said = with_power(place, "1-1.4", 2, today, replace(around, prove_power=fail))
    assert (after.power is not None, said) == (True, "no hub")


def test_a_firmware_is_written_where_a_person_brings_it(
    around: Surroundings, player: Player, tmp_path: Path
) -> None:
    (sighting,) = look(None, around).sightings
    place, tool = draft(sighting, NUCLEO, ()), PlayedTool(player)
    given = replace(
        around,
        start=lambda place, board, image, firmware: attach(
            player, tool, image, firmware, tmp_path / "memory"
        ),
    )
    bundle = pretended([NUCLEO], tmp_path / "bundle")
    said = prove_firmware(place, NUCLEO, bundle, given)
    assert said == f"took a firmware and answered with build {BUILD_ID}"
    assert "flash" in tool.calls
    player.build_id = "another"
    with pytest.raises(WrongFirmware):
        prove_firmware(place, NUCLEO, bundle, given)


def test_only_boards_with_an_emulator_are_emulated() -> None:
    assert emulated(find_board("an386"), ()).flasher == "qemu"
    with pytest.raises(BenchError, match="Nothing emulates nucleo-f446re"):
        emulated(NUCLEO, ())
