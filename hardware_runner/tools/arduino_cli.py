"""arduino-cli: upload of a firmware that was built elsewhere, with the tools of an Arduino core.

Source: Arduino CLI documentation, "arduino-cli upload" (--fqbn, --port, --input-dir, --verify).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hardware_runner.bench import Place, SerialConsole
from hardware_runner.board import Board, ImageKind
from hardware_runner.consoles.ports import ListPorts, find_port, list_serial_ports
from hardware_runner.errors import NoReset
from hardware_runner.tools.causes import NO_LOADER, PORT, VERIFY_FAILED
from hardware_runner.tools.choice import own_port, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run

PROGRAM = Program(
    "arduino-cli",
    "see https://arduino.github.io/arduino-cli/latest/installation/",
    executable="arduino-cli",
)
CAUSES = (
    *PORT,
    Cause(
        r"platform (not|is not) installed|unknown fqbn|error resolving fqbn|invalid fqbn"
        r"|platform \S+ (is )?not (found|installed)",
        "The board's Arduino core is not installed: `arduino-cli core install PACKAGE:ARCH`, "
        "as the user of the runner.",
    ),
    Cause(r"verif\w* (failed|error|mismatch)", VERIFY_FAILED),
    Cause(r"no device found|not in sync|no upload port|failed uploading", NO_LOADER),
)
_SKETCH = "firmware"


@dataclass(frozen=True, slots=True)
class ArduinoCli:
    """arduino-cli with the port of one board, as `fqbn` names its kind."""

    port: SerialConsole
    fqbn: str
    image: ImageKind
    ports: ListPorts = list_serial_ports
    name: str = "arduino-cli"
    uses_console: bool = True
    reset_line: ResetLine = "none"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return arduino-cli's version."""
        said = run(PROGRAM, ["version", "--format", "json"], timeout_s=self.reset_timeout_s)
        try:
            return str(json.loads(said)["VersionString"])
        except (ValueError, KeyError, TypeError):
            return "unknown"

    def flash(self, image: Image) -> None:
        """Upload and verify as the core does it; the board runs the firmware then."""
        port = find_port(self.port, self.port.interface, ports=self.ports)
        with tempfile.TemporaryDirectory(prefix="boardwright-") as folder:
            # The names of files tell arduino-cli which sketch they were built from.
            shutil.copyfile(image.path, Path(folder) / f"{_SKETCH}.ino.{image.kind}")
            at = ["--fqbn", self.fqbn, "--port", port.path, "--input-dir", folder]
            run(
                PROGRAM,
                ["upload", *at, "--verify", "--no-color"],
                timeout_s=self.flash_timeout_s,
                causes=CAUSES,
            )

    def reset(self) -> None:
        """Refuse: arduino-cli has no command for it."""
        raise NoReset("arduino-cli cannot reset a board: flash it again.")

    def erase(self) -> None:
        """Do nothing: arduino-cli has no command for it."""


def make(place: Place, board: Board) -> ArduinoCli:
    """Return arduino-cli bound to a place. Raises BenchError."""
    guess = "arduino:mbed_nano:nano33ble" if board.name == "arduino-nano33ble" else ""
    fqbn = target_of(board, "arduino-cli", guess)
    return ArduinoCli(own_port(place, "arduino-cli"), fqbn, board.image)
