"""What was left in boards is erased, but not under somebody's hands."""

from __future__ import annotations

from pathlib import Path

from hardware_runner.bench import Bench, Place
from hardware_runner.bench_erase import Erased, erase_left
from hardware_runner.board import ImageKind
from hardware_runner.errors import BoardTrouble
from hardware_runner.lease import lease
from hardware_runner.tools.flasher import Image


class Tool:
    """A flasher that notes what it erased."""

    name = "openocd"
    image: ImageKind = "elf"

    def __init__(self, place: Place, erased: list[str]) -> None:
        self._place, self._erased = place, erased

    def version(self) -> str:
        return "1"

    def flash(self, image: Image) -> None:
        raise AssertionError("nothing is written")

    def reset(self) -> None:
        raise AssertionError("nothing is reset")

    def erase(self) -> None:
        if self._place.name == "loose":
            raise BoardTrouble("The cable is out.")
        self._erased.append(self._place.name)


def _place(name: str, *tags: str) -> Place:
    return Place(name=name, board="nucleo-f446re", flasher="openocd", tags=tags)


def test_marked_places_are_erased_unless_somebody_holds_them(tmp_path: Path) -> None:
    places = (
        _place("left", "erase"),
        _place("kept"),
        _place("loose", "erase"),
        _place("busy", "erase"),
    )
    bench = Bench(name="attic", place=places)
    erased: list[str] = []
    with lease("busy", timeout_s=1, lock_dir=tmp_path):
        found = erase_left(
            bench, lock_dir=tmp_path, flasher_of=lambda p: Tool(p, erased), lease_s=0.0
        )
    assert erased == ["left"]
    assert found[:2] == (Erased("left"), Erased("loose", "The cable is out."))
    assert found[2].place == "busy" and "somebody else holds it" in found[2].trouble
