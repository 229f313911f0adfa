"""Boards are found by name and alias, and their figures hang together."""

from __future__ import annotations

from importlib import resources

import pytest

from hardware_runner.boards import BOARDS, find_board
from hardware_runner.errors import UnknownBoard


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("an386", "mps2-an386"),
        ("Cortex M33", "mps2-an505"),
        ("nano 33 BLE Sense", "arduino-nano33ble"),
        ("Pico", "raspberry-pi-pico"),
        ("STM32F446", "nucleo-f446re"),
        ("MPS2-AN500", "mps2-an500"),
        ("mps3_an547", "mps3-an547"),
        (" stm32f405 ", "netduinoplus2"),
        ("host", "host"),
    ],
)
def test_names_and_aliases(name: str, expected: str) -> None:
    assert find_board(name).name == expected


def test_an_unknown_name_is_answered_with_near_ones_and_the_list() -> None:
    with pytest.raises(UnknownBoard) as caught:
        find_board("an368")
    assert "Did you mean an386" in str(caught.value)
    assert all(name in str(caught.value) for name in BOARDS)


def test_no_two_boards_share_a_name() -> None:
    names = [n for b in BOARDS.values() for n in (b.name, *b.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda b: b.name)
def test_a_board_claims_no_more_than_it_can(board) -> None:
    support = resources.files("templates") / "firmware" / "boards" / board.support
    assert support.is_file() == board.is_built_here
    assert board.source
    seen = "emulator" if board.is_emulated else "host" if board.is_process else None
    assert board.verified == (seen or board.verified)
    assert board.verified != "hardware"  # none was ever attached
    assert board.runs_here == (board.verified in ("emulator", "host"))
    assert (board.flash_bytes > 0) == (not board.is_process)


@pytest.mark.parametrize(
    "board", [b for b in BOARDS.values() if not b.is_process], ids=lambda b: b.name
)
def test_a_board_with_memory_says_how_it_is_written_and_timed(board) -> None:
    assert board.flasher
    assert set(board.exports) <= {
        *("cmake", "arduino", "platformio", "zephyr", "esp-idf", "pico-sdk")
    }
    if board.timing == "instructions":
        assert board.machine is not None  # nothing else counts them
    else:
        assert board.timer_hz == board.clock_hz > 1_000_000
        assert board.counter
        assert board.usb
    assert (board.uf2_family > 0) or board.image != "uf2"


def test_the_stm32f405_has_the_sizes_of_the_part() -> None:
    board = find_board("netduinoplus2")
    assert (board.flash_bytes, board.ram_bytes) == (1024 * 1024, 128 * 1024)
