"""Lines to boards: found by what they are, bounded, and back after their port was gone."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial
from serial import rfc2217

from hardware_runner.bench import NetworkConsole, SerialConsole, TerminalConsole, Usb
from hardware_runner.console import WriteTimeout
from hardware_runner.consoles import line_at, open_at
from hardware_runner.consoles.ports import SerialPort, find_port
from hardware_runner.consoles.reconnecting import ReconnectingLine
from hardware_runner.errors import BenchError, PortMissing
from hardware_runner.session import Session
from tests.hardware_runner.fake_firmware import FakeFirmware, Ticking

USB = SerialConsole(vendor="2341", product="0043", serial="a1")


class Device:
    """The board's end of a terminal; `name` changes each time it comes back."""

    def __init__(self) -> None:
        self.plug()

    def plug(self) -> None:
        self.end, theirs = os.openpty()
        tty.setraw(theirs)
        self.name = os.ttyname(theirs)
        self._theirs = theirs

    def vanish(self) -> None:
        os.close(self.end)
        os.close(self._theirs)

    def ports(self) -> list[SerialPort]:
        return [SerialPort(self.name, "2341", "0043", "A1", "1-1.4", None)]


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    with contextlib.suppress(OSError):
        made.vanish()


def read(line: ReconnectingLine, count: int) -> bytes:
    """Read so many bytes; a test that waits too long is ended by the suite's time-out."""
    data = b""
    while len(data) < count:
        data += line.read(max(1, line.in_waiting))
    return data


def test_a_terminal_is_read_and_written_by_one_process_alone(device: Device) -> None:
    at = TerminalConsole(kind="pty", path=device.name)
    with contextlib.closing(open_at(at)) as line:
        os.write(device.end, b"boot\r\n")
        assert read(line, 6) == b"boot\r\n"
        assert line.write(b"\x00\xff\n") == 3
        assert os.read(device.end, 3) == b"\x00\xff\n"
        assert isinstance(line, serial.SerialBase)
        with pytest.raises(OSError, match="exclusively lock"):
            open_at(at)
    line.close()


def test_a_port_that_comes_back_under_another_name_is_read_and_written(device: Device) -> None:
    with contextlib.closing(open_at(USB, ports=device.ports)) as line:
        line.timeout = 0.05
        before = device.name
        blocked = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)  # or else the name is taken again
        device.vanish()
        holder = os.openpty()
        device.plug()
        assert device.name != before
        assert line.read(1) == b""
        os.write(device.end, b"again")
        assert read(line, 5) == b"again"
        line.write(b"hello")
        assert os.read(device.end, 5) == b"hello"
        assert line.reconnections == 1
        assert line.timeout == 0.05
        for end in (blocked, *holder):
            os.close(end)


def test_a_write_is_repeated_where_the_port_went_under_it(device: Device) -> None:
    with contextlib.closing(open_at(USB, ports=device.ports)) as line:
        device.vanish()
        device.plug()
        assert line.write(b"whole") == 5
        assert os.read(device.end, 5) == b"whole"


def test_a_symlink_that_is_gone_for_a_while_is_waited_for(device: Device, tmp_path: Path) -> None:
    link = tmp_path / "board"
    link.symlink_to(device.name)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            device.plug()
            link.symlink_to(device.name)

    def connect() -> serial.Serial:
        return serial.Serial(str(link), timeout=0.05, exclusive=True)

    line = ReconnectingLine("board", connect, reopen_for_s=60, sleep=sleep)
    line.open()
    device.vanish()
    link.unlink()
    assert line.in_waiting == 0
    os.write(device.end, b"x")
    assert read(line, 1) == b"x"
    assert len(waits) == 3
    line.close()


def test_a_port_that_stays_away_is_given_up_until_it_is_opened_again(device: Device) -> None:
    line = line_at(USB, ports=device.ports, reopen_for_s=0.0)
    line.open()
    device.vanish()
    with pytest.raises(OSError, match=r"broke off .* did not come back: not there within 0 s"):
        line.read(1)
    assert "2341:0043 serial a1" in line.lost
    device.plug()
    for again in (lambda: line.read(1), lambda: line.write(b"x"), lambda: line.in_waiting):
        with pytest.raises(OSError, match="did not come back"):
            again()
    line.open_soon()
    assert not line.lost
    line.write(b"x")
    assert os.read(device.end, 1) == b"x"
    line.close()
    with pytest.raises(OSError, match="not open"):
        line.read(1)


def test_a_board_that_takes_no_bytes_is_no_lost_line(device: Device) -> None:
    line = open_at(USB, ports=device.ports, write_timeout_s=0.1)
    with pytest.raises(WriteTimeout):
        line.write(bytes(1_000_000))
    assert (line.reconnections, line.lost) == (0, "")
    line.close()


def test_a_conversation_survives_a_port_that_comes_back(device: Device) -> None:
    firmware = FakeFirmware()
    line = open_at(USB, ports=device.ports)
    served = threading.Event()

    def serve() -> None:
        for turn in range(6):
            if turn == 3:
                os.read(device.end, 4096)  # a request that is lost with the port
                device.vanish()
                device.plug()
                served.set()
            with contextlib.suppress(OSError):
                os.write(device.end, firmware(os.read(device.end, 4096)))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    session = Session(line, response_timeout_s=1e6, now=Ticking(0.5))
    answers = list(session.infer([b"abc", b"def", b"ghi", b"jkl", b"mno"]))
    assert served.is_set()
    assert [a.scores for a in answers] == [
        tuple(s) for s in (b"abc", b"def", b"ghi", b"jkl", b"mno")
    ]
    assert session.resends >= 1
    assert line.reconnections >= 1
    assert firmware.seen == [b"abc", b"def", b"ghi", b"jkl", b"mno"]
    line.close()


@contextlib.contextmanager
def served(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection after the other on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def test_tcp_is_read_in_large_pieces() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(bytes(1_000_000))
        connection.recv(1)

    with served(flood) as address:
        line = open_at(NetworkConsole(kind="tcp", address=address))
        got = reads = 0
        while got < 1_000_000:
            got += len(line.read(max(1, line.in_waiting)))
            reads += 1
        assert reads < 10_000
        line.timeout = 0.01
        assert line.read(1) == b""
        line.close()


def test_tcp_comes_back_after_the_other_end_closed_it() -> None:
    def greet(connection: socket.socket) -> None:
        connection.sendall(b"hi")
        connection.sendall(connection.recv(2))  # then it is closed

    with served(greet) as address:
        line = open_at(NetworkConsole(kind="tcp", address=address))
        assert read(line, 2) == b"hi"
        line.write(b"ab")
        assert read(line, 4) == b"abhi"
        line.write(b"cd")
        assert read(line, 2) == b"cd"
        line.close()


def test_nobody_at_the_address_is_an_os_error() -> None:
    with served(lambda connection: None) as address:
        pass
    with pytest.raises(OSError, match="refused"):
        open_at(NetworkConsole(kind="tcp", address=address))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyserial's
def test_rfc2217_carries_bytes_speed_and_modem_lines() -> None:
    port = serial.serial_for_url("loop://", timeout=0.05)

    def talk(connection: socket.socket) -> None:
        class Answers:
            def write(self, data: bytes) -> None:
                connection.sendall(data)

        manager = rfc2217.PortManager(port, Answers())
        connection.settimeout(0.02)
        while True:
            with contextlib.suppress(TimeoutError):
                data = connection.recv(4096)
                if not data:
                    return
                port.write(b"".join(manager.filter(data)))
            connection.sendall(b"".join(manager.escape(port.read(port.in_waiting))))

    with served(talk) as address:
        line = open_at(NetworkConsole(kind="rfc2217", address=address, baud=57_600))
        sent = bytes(range(256)) * 4
        line.write(sent)
        assert read(line, len(sent)) == sent
        assert port.baudrate == 57_600
        line.rts = False
        line.rts = True
        line.dtr = False
        line.write(b"!")
        assert read(line, 1) == b"!"
        assert (port.rts, port.dtr) == (True, False)
        line.close()


def test_a_port_is_found_by_serial_number_and_interface() -> None:
    def port(path: str, number: str, interface: int | None, location: str = "1-1") -> SerialPort:
        return SerialPort(path, "0483", "374b", number, location, interface)

    attached = [
        port("/dev/ttyACM0", "A", 2),
        port("/dev/ttyACM1", "A", 0),
        port("/dev/ttyACM2", "B", None, "1-2"),
    ]

    def find(serial: str = "", interface: int | None = None, location: str = "") -> str:
        at = Usb(vendor="0483", product="374b", serial=serial, location=location)
        return find_port(at, interface, ports=lambda: attached).path

    assert find("a") == "/dev/ttyACM1"
    assert find("A", 2) == "/dev/ttyACM0"
    assert find("B", 0) == "/dev/ttyACM2"
    assert find(location="1-2") == "/dev/ttyACM2"
    with pytest.raises(BenchError, match=r"Two devices could be meant by 0483:374b.*ttyACM2"):
        find()
    with pytest.raises(PortMissing, match=r"0483:374b serial C\. Ports on USB: /dev/ttyACM0"):
        find("C")
    with pytest.raises(PortMissing, match="interface 5"):
        find("A", 5)
