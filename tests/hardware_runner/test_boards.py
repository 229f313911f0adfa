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
    assert support.is_file()
    assert board.source
    assert board.verified == ("emulator" if board.machine else "host")
    assert (board.flash_bytes > 0) == (board.machine is not None)


def test_the_stm32f405_has_the_sizes_of_the_part() -> None:
    board = find_board("netduinoplus2")
    assert (board.flash_bytes, board.ram_bytes) == (1024 * 1024, 128 * 1024)
