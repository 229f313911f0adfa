"""A farm on loopback: labgrid's own coordinator and exporter, and boards of QEMU behind TCP."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hardware_runner.labgrid_client import PROGRAM_VARIABLE
from hardware_runner.process import with_parent
from hardware_runner.qemu import Qmp, command_line
from tests.hardware_runner.test_attached import BOARDS, Desk, Image

INSTALLED = Path(__file__).parents[2] / "build" / "labgrid" / "bin"
CLIENT = Path(os.environ.get(PROGRAM_VARIABLE) or INSTALLED / "labgrid-client")
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Farm:
    """`address` is the coordinator's, `line` the port at which the board's line is exported."""

    address: str
    line: int

    def person(self, *arguments: str) -> str:
        """Do what a person does at a terminal."""
        command = [str(CLIENT), "--coordinator", self.address, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def farm(folder: Path, terminal: str = "") -> Iterator[Farm]:
    """Run a coordinator that knows the place `left`, and an exporter with its line.

    The line is `Farm.line` of this host, or a terminal, which the exporter serves by ser2net.
    """
    made = Farm(f"127.0.0.1:{free_port()}", free_port())
    (folder / "places.yaml").write_text(
        "left:\n  matches:\n  - {exporter: attic, group: left, cls: NetworkSerialPort}\n"
    )
    (folder / "exporter.yaml").write_text(
        f"left:\n  RawSerialPort:\n    port: {terminal}\n"
        if terminal
        else "left:\n  NetworkSerialPort:\n    host: 127.0.0.1\n"
        f"    port: {made.line}\n    protocol: raw\n"
    )
    with ExitStack() as stack:
        for name, arguments in (
            ("coordinator", ["--listen", made.address]),
            (
                "exporter",
                ["-c", made.address, "-n", "attic", "--hostname", "127.0.0.1", "exporter.yaml"],
            ),
        ):
            log = stack.enter_context((folder / f"{name}.log").open("w"))
            command = [str(CLIENT.with_name(f"labgrid-{name}")), *arguments]
            process = subprocess.Popen(
                with_parent(command), cwd=folder, stdout=log, stderr=subprocess.STDOUT
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            if name == "coordinator":  # an exporter that finds none ends
                _await_port(made.address)
        _await_resource(made)
        yield made


def _await_port(address: str) -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the coordinator did not start"
        time.sleep(0.05)


def _await_resource(made: Farm) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while "Matching resource" not in made.person("--place", "left", "show"):
        assert time.monotonic() < deadline, "the exporter did not start"


class FarmDesk(Desk):
    """The board `left`: QEMU behind a port of TCP. Flashing starts it anew with the ELF file."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self._running = ExitStack()
        self._qmp: Qmp | None = None

    def flash(self, image: Image) -> None:
        self.close()
        self._do("flash")
        ours, theirs = socket.socketpair()
        with theirs:
            command = command_line(BOARDS["mps2-an386"], image.path, theirs.fileno())
            line = f"tcp:127.0.0.1:{self._port},server=on,wait=off"
            command[command.index("pty")] = line
            process = subprocess.Popen(with_parent(command), pass_fds=(theirs.fileno(),))
        self._running.callback(process.wait)
        self._running.callback(process.kill)
        ours.settimeout(30)
        self._qmp = Qmp(ours)
        self._running.callback(self._qmp.close)

    def reset(self) -> None:
        self._do("reset")
        assert self._qmp is not None
        self._qmp("system_reset")
        self._qmp("cont")

    def close(self) -> None:
        self._running.close()
