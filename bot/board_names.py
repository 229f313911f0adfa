"""Board names in a request: canonical names, aliases, cores and plain words to the board meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from hardware_runner.board import Board

# Words that people use for a board that we have. Source: the cores and parts of the descriptions.
SPOKEN: Mapping[str, str] = {
    "cortexm4": "mps2-an386",
    "cortexm4f": "mps2-an386",
    "m4": "mps2-an386",
    "m4f": "mps2-an386",
    "an386": "mps2-an386",
    "cortexm0": "raspberry-pi-pico",
    "cortexm0plus": "raspberry-pi-pico",
    "m0plus": "raspberry-pi-pico",
    "raspberrypipico": "raspberry-pi-pico",
    "rpipico": "raspberry-pi-pico",
    "cortexm33": "mps2-an505",
    "m33": "mps2-an505",
    "an505": "mps2-an505",
    "cortexm7": "mps2-an500",
    "m7": "mps2-an500",
    "an500": "mps2-an500",
    "cortexm55": "mps3-an547",
    "m55": "mps3-an547",
    "an547": "mps3-an547",
    "stm32f405": "netduinoplus2",
    "stm32f405rg": "netduinoplus2",
    "stm32f405rgt6": "netduinoplus2",
    "stm32f4": "netduinoplus2",
    "netduino": "netduinoplus2",
    "stm32f446": "nucleo-f446re",
    "stm32l4": "nucleo-l476rg",
    "stm32l476": "nucleo-l476rg",
    "stm32h7": "nucleo-h743zi",
    "stm32h743": "nucleo-h743zi",
    "nano33blesense": "arduino-nano33ble",
    "arduinonano33blesense": "arduino-nano33ble",
    "arduinonano33ble": "arduino-nano33ble",
    "portentah7": "arduino-portenta-h7",
    "laptop": "host",
    "mylaptop": "host",
    "onmylaptop": "host",
    "thiscomputer": "host",
    "mycomputer": "host",
    "pc": "host",
    "mypc": "host",
    "localhost": "host",
    "desktop": "host",
}


def squeeze(text: str) -> str:
    """Return letters and digits only, in lower case."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def find_board(text: str, boards: Mapping[str, Board]) -> str | None:
    """Return the canonical name of the board that a text names, or None."""
    wanted = squeeze(text)
    for name, board in boards.items():
        if wanted in {squeeze(name), squeeze(board.part), *(squeeze(a) for a in board.aliases)}:
            return name
    spoken = SPOKEN.get(wanted)
    return spoken if spoken in boards else None


def near_boards(text: str, boards: Mapping[str, Board]) -> tuple[str, ...]:
    """Return the boards whose names look most like the text, the nearest first."""
    spellings: dict[str, str] = {}
    for name, board in boards.items():
        for spelling in (name, board.part, *board.aliases):
            spellings[squeeze(spelling)] = name
    spellings |= {word: name for word, name in SPOKEN.items() if name in boards}
    near = get_close_matches(squeeze(text), spellings, n=4, cutoff=0.6)
    return tuple(dict.fromkeys(spellings[word] for word in near))


def boards_in_text(text: str, boards: Mapping[str, Board]) -> tuple[str, ...]:
    """Return the boards that free text names, in the order in which it names them."""
    spellings = {name: name for name in boards}
    for name, board in boards.items():
        spellings |= dict.fromkeys((board.part, *board.aliases), name)
    found: list[tuple[int, str]] = []
    for spelling, name in spellings.items():
        pattern = "[-_ ]?".join(map(re.escape, spelling.split("-")))  # "nano 33 ble" as well
        if match := re.search(rf"(?i)(?<![\w-]){pattern}(?![\w-])", text):
            found.append((match.start(), name))
    for match in re.finditer(
        r"(?i)\b(?:cortex[- ]?)?(m4f?|m7|m33|m55)\b|\b(stm32f4\w*)|\b(netduino)\b|"
        r"\bmy (laptop|computer|pc)\b|\b(laptop)\b",
        text,
    ):
        spoken = SPOKEN.get(squeeze(next(group for group in match.groups() if group)))
        if spoken in boards:
            found.append((match.start(), str(spoken)))
    return tuple(dict.fromkeys(name for _, name in sorted(found)))
