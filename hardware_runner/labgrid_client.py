"""labgrid-client: ask the coordinator of a farm, by labgrid's own program.

Only the program is used: labgrid's Python package brings a fork of pyserial that would replace the
one used here. `scripts/labgrid.sh` installs it where it disturbs nobody.

Source: labgrid 26.0, labgrid/remote/client.py: commands, what they print, exit codes 0, 1 and 2.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hardware_runner.bench import NetworkConsole
from hardware_runner.errors import BenchError, ToolFailed
from hardware_runner.tools.program import Cause, Program, run

PROGRAM_VARIABLE = "BOARDWRIGHT_LABGRID"
CALL_TIMEOUT_S = 30.0
"""What one call may take: the program needs seconds to start on a slow host."""

ALLOCATED = "allocated"
ACQUIRED = "acquired"

_SERIAL = "NetworkSerialPort"
_RESOURCE = re.compile(
    r"^Acquired resource '(?P<name>[^'\n]*)' \((?P<path>[^)\n]*)\):\n(?P<value>(?:  .*\n?)+)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Client:
    """One user of a coordinator at `address`; nobody else has this `user`."""

    address: str
    user: str

    def reserve(self, place: str) -> tuple[str, str]:
        """Ask for a place; return the reservation's token and its state."""
        said = self._run("reserve", f"name={place}")
        return _found(r"^\s*token: (\S+)$", said), _state(said)

    def wait(self, token: str, timeout_s: float = CALL_TIMEOUT_S) -> str:
        """Renew a reservation, wait while it waits, and return its state.

        Raises:
            ToolLate: it still waits.
        """
        return _state(self._run("wait", token, timeout_s=timeout_s))

    def cancel(self, token: str) -> None:
        """Give a reservation up."""
        self._run("cancel-reservation", token)

    def acquire(self, token: str) -> None:
        """Acquire the place that a reservation was given."""
        self._run("--place", f"+{token}", "acquire")

    def release(self, place: str, holder: str) -> None:
        """Give a place back, unless somebody else has it meanwhile."""
        self._run("--place", place, "release-from", holder)

    def show(self, place: str) -> str:
        """Return what is known of a place.

        Raises:
            BenchError: there is none.
        """
        try:
            said = self._run("--place", place, "show")
        except ToolFailed as failed:
            if "matches nothing" not in str(failed) and "matches multiple" not in str(failed):
                raise
            said = ""
        if f"Place '{place}':" not in said:  # it takes a part of a name, too
            raise BenchError(
                f"labgrid's coordinator at {self.address} has no place {place!r}: places have the "
                f"same names there and in bench.toml; `labgrid-client --place {place} create` "
                "makes one."
            )
        return said

    def _run(self, *arguments: str, timeout_s: float = CALL_TIMEOUT_S) -> str:
        causes = (
            Cause(
                "coordinator is unavailable|could not connect to coordinator",
                f"labgrid's coordinator at {self.address} does not answer: start it, or correct "
                "`reservation` in bench.toml.",
            ),
        )
        command: Sequence[str] = ("--coordinator", self.address, *arguments)
        user = {"LG_USERNAME": self.user}
        return run(_program(), command, timeout_s=timeout_s, causes=causes, environment=user)


def holder_of(shown: str) -> str:
    """Return who acquired a place that was shown, as host/user; "" where nobody did."""
    found = re.search(r"^\s+acquired: (.+)$", shown, re.MULTILINE)
    return "" if found is None or found[1] == "None" else found[1]


def console_of(shown: str, place: str) -> NetworkConsole | None:
    """Return where the line of an acquired place is; None where none is exported.

    Of several lines, the one that is named "console" is meant.

    Raises:
        BenchError: there are several, or it is behind a host that only SSH reaches.
    """
    lines = {found["name"]: found["value"] for found in _RESOURCE.finditer(shown)
             if f"/{_SERIAL}/" in found["path"]}  # fmt: skip
    if not lines:
        return None
    if len(lines) > 1 and "console" not in lines:
        raise BenchError(
            f"labgrid gives {place} several serial ports ({', '.join(lines)}): name the one that "
            "the firmware speaks on `console`, with `labgrid-client add-named-match`."
        )
    value = lines.get("console") or next(iter(lines.values()))
    try:
        given = ast.literal_eval(value.strip())["params"]
        is_behind = bool((given.get("extra") or {}).get("proxy_required"))
        protocol = "tcp" if given.get("protocol", "rfc2217") == "raw" else "rfc2217"
        at = NetworkConsole.model_validate(
            {"kind": protocol, "address": f"{given['host']}:{given['port']}",
             "baud": given.get("speed", 115_200)}
        )  # fmt: skip
    except (ValueError, SyntaxError, KeyError, TypeError, AttributeError) as error:
        raise BenchError(
            f"labgrid's serial port of {place} is described in a way that is not known: {error}."
        ) from error
    if is_behind:
        raise BenchError(
            f"The exporter of {place} lets nobody connect but through SSH: start it without "
            "--isolated, or make a tunnel and name its end as `console` in bench.toml."
        )
    return at


def _program() -> Program:
    return Program(
        title="labgrid-client",
        install="run scripts/labgrid.sh, and set BOARDWRIGHT_LABGRID to the path of the "
        "labgrid-client that it installs, or put that on PATH.",
        executable=os.environ.get(PROGRAM_VARIABLE) or "labgrid-client",
    )


def _state(said: str) -> str:
    return _found(r"^\s*state: (\w+)$", said, last=True)


def _found(pattern: str, said: str, *, last: bool = False) -> str:
    found = re.findall(pattern, said, re.MULTILINE)
    if not found:
        raise ToolFailed(
            f"labgrid-client answers in a way that is not known (26.0 is): {said[-300:]!r}"
        )
    return str(found[-1 if last else 0])
