"""Lines to boards: serial ports on USB, terminals, TCP and RFC 2217."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import serial
from serial import rfc2217

from hardware_runner.bench import ConsoleAt, NetworkConsole, SerialConsole, TerminalConsole
from hardware_runner.consoles.ports import ListPorts, describe, find_port, list_serial_ports
from hardware_runner.consoles.reconnecting import REOPEN_FOR_S, ReconnectingLine, Stream
from hardware_runner.consoles.tcp import TcpStream

WRITE_TIMEOUT_S = 20.0


def line_at(
    console: ConsoleAt,
    *,
    write_timeout_s: float = WRITE_TIMEOUT_S,
    reopen_for_s: float = REOPEN_FOR_S,
    ports: ListPorts = list_serial_ports,
) -> ReconnectingLine:
    """Return the line to a board, closed; each `open` finds it anew.

    Args:
        console: Where it is.
        write_timeout_s: Longest time for one write.
        reopen_for_s: How long a line that broke is tried again.
        ports: What lists the serial ports.
    """
    connect: Callable[[], Stream]
    match console:
        case SerialConsole():
            connect = partial(_serial, console, write_timeout_s, ports)
            name = describe(console)
        case TerminalConsole():
            connect = partial(_terminal, console.path, 115_200, write_timeout_s)
            name = console.path
        case NetworkConsole(kind="tcp"):
            host, _, port = console.address.rpartition(":")
            connect = partial(TcpStream, host, int(port), write_timeout_s=write_timeout_s)
            name = f"tcp://{console.address}"
        case NetworkConsole():
            name = f"rfc2217://{console.address}"
            connect = partial(_rfc2217, name, console.baud)
    baud = 115_200 if isinstance(console, TerminalConsole) else console.baud
    return ReconnectingLine(name, connect, baud=baud, reopen_for_s=reopen_for_s)


def open_at(
    console: ConsoleAt,
    *,
    write_timeout_s: float = WRITE_TIMEOUT_S,
    reopen_for_s: float = REOPEN_FOR_S,
    ports: ListPorts = list_serial_ports,
) -> ReconnectingLine:
    """Return the line to a board, open.

    Raises:
        OSError: it is there and cannot be opened, or another process holds it.
        PortMissing: it is not there.
        BenchError: two devices could be meant.
    """
    line = line_at(console, write_timeout_s=write_timeout_s, reopen_for_s=reopen_for_s, ports=ports)
    line.open()
    return line


def _serial(console: SerialConsole, write_timeout_s: float, ports: ListPorts) -> Stream:
    port = find_port(console, console.interface, ports=ports)
    return _terminal(port.path, console.baud, write_timeout_s)


def _terminal(path: str, baud: int, write_timeout_s: float) -> Stream:
    return serial.Serial(
        path, baudrate=baud, timeout=0.1, write_timeout=write_timeout_s, exclusive=True
    )


def _rfc2217(url: str, baud: int) -> Stream:
    # It knows no time-out for writing; its socket's, 5 s, bounds it and shows as a lost line.
    # ser2net 4 leaves commands for modem lines unanswered where the port has none: nobody waits.
    return rfc2217.Serial(f"{url}?ign_set_control", baudrate=baud, timeout=0.1)
