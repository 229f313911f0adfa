"""A board in Python behind a pseudo-terminal that speaks our protocol and plays tricks.

`plan(number, sample)` says what it does with each sample that comes, `number` counted over its
whole life. What ends a trick is what ends it on a real board: a reset, a new line, or nothing.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import threading
import tty
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

import serial

from hardware_runner.attached import AttachedBoard, Wiring
from hardware_runner.bench import SerialConsole
from hardware_runner.board import Board
from hardware_runner.build import Firmware
from hardware_runner.consoles import line_at
from hardware_runner.consoles.ports import SerialPort
from hardware_runner.errors import ToolFailed
from hardware_runner.protocol import Damaged, Decoder, Frame, FrameType, encode
from hardware_runner.qemu import ticks_per_instruction
from hardware_runner.tools.flasher import Image
from tests.hardware_runner.bench_bundle import BUILD_ID
from tests.hardware_runner.fake_firmware import FakeFirmware

CLASSES = 3
RAW = 64


class Act(Enum):
    """What a board does with a sample."""

    ANSWER = auto()
    LATE = auto()  # only when it is asked again
    BAD_CRC = auto()  # as LATE, but first an answer with a wrong checksum
    GARBAGE = auto()  # noise, then the answer
    FAULT = auto()  # hard fault, and its report
    HANG = auto()  # silent until it is reset
    FLOOD = auto()  # endless noise until it is reset
    REBOOT = auto()  # resets itself and forgets
    VANISH = auto()  # its port goes and comes back under another name


Plan = Callable[[int, bytes], Act]


class Player(FakeFirmware):
    """The board. `start` gives it power; ids are those of its USB port."""

    def __init__(
        self, board: Board, plan: Plan = lambda number, sample: Act.ANSWER, *, serial: str = "A1"
    ) -> None:
        self._forget()
        self.answers_as = board.name
        self.build_id = BUILD_ID
        self.resets = 0
        self._serial = serial
        self._board = board
        self._plan = plan
        self._count = 0
        self._stuck: Act | None = None
        self._late = False
        self._master = -1
        self._slave = -1
        self.path = ""
        self._wake, self._poke = os.pipe()
        self._lock = threading.RLock()
        self._ended = False
        self._plug()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def ports(self) -> list[SerialPort]:
        """Return its port, as the system lists it."""
        return [SerialPort(self.path, "0483", "374b", self._serial, "1-1", None)]

    def reset(self) -> None:
        """Do what the reset pin does."""
        with self._lock:
            self.resets += 1
            self._forget()
            self._stuck = None

    def opened_again(self) -> serial.Serial:
        """Open its port for this process alone. Raises OSError where somebody has it open."""
        return serial.Serial(self.path, exclusive=True)

    def close(self) -> None:
        """Take the power and the thread away."""
        self._ended = True
        os.write(self._poke, b"x")
        self._thread.join(5)
        for handle in (self._master, self._slave, self._wake, self._poke):
            with contextlib.suppress(OSError):
                os.close(handle)

    def _plug(self) -> None:
        old = (self._master, self._slave)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        for handle in old:  # closed now, so that the new one has another name
            if handle >= 0:
                os.close(handle)

    def _serve(self) -> None:
        while not self._ended:
            flooding = [self._master] if self._stuck is Act.FLOOD else []
            ready, writable, _ = select.select([self._master, self._wake], flooding, [], 0.02)
            if self._master in ready:
                with contextlib.suppress(OSError), self._lock:
                    self._say(self(os.read(self._master, 4096)))
            elif writable:
                self._say(b"\xa5\x5anoise" * 50)

    def _say(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            while data:
                _, writable, _ = select.select([], [self._master], [], 1.0)
                if not writable:
                    return
                data = data[os.write(self._master, data) :]

    def _forget(self) -> None:
        super().__init__()
        self._decoder = Decoder(RAW)

    def _take(self, item: Frame | Damaged) -> bytes:
        if self._stuck in (Act.HANG, Act.FLOOD):
            return b""
        if isinstance(item, Frame) and item.type == FrameType.INFER and not self._is_old(item):
            return self._play(item)
        return super()._take(item)

    def _is_old(self, request: Frame) -> bool:
        return request.sequence in self._answers or request.sequence != self._next

    def _play(self, request: Frame) -> bytes:  # noqa: PLR0911
        act = Act.ANSWER if self._late else self._plan(self._count, request.payload)
        self._count += not self._late
        self._late = act in (Act.LATE, Act.BAD_CRC)
        match act:
            case Act.LATE:
                return b""
            case Act.BAD_CRC:
                wrong = bytearray(encode(Frame(request.type | 0x80, request.sequence, b"abc")))
                wrong[-1] ^= 0xFF
                return bytes(wrong)
            case Act.GARBAGE:
                return b"\xa5\x5a\xff\0\x13\x13\xa5" + super()._take(request)
            case Act.FAULT:
                return encode(Frame(FrameType.FAULT, 0, struct.pack("<B8I", 1, *range(8))))
            case Act.HANG | Act.FLOOD:
                self._stuck = act
                return b""
            case Act.REBOOT:
                self._forget()
                return b""
            case Act.VANISH:
                self._plug()
                return b""
        return super()._take(request)

    def _handle(self, request: Frame) -> bytes:
        if request.type == FrameType.HELLO:
            super()._handle(request)
            names = (self.build_id + self.answers_as).encode()
            identity = struct.pack(
                "<BBBcIIHIB", 1, 1, 1, b"u", RAW, 16, CLASSES, self._board.timer_hz, len(BUILD_ID)
            )
            return self._again(request, identity + names)
        if request.type == FrameType.CLOCK:
            super()._handle(request)
            (turns,) = struct.unpack("<I", request.payload)
            ticks = round(4 * turns * ticks_per_instruction(self._board.timer_hz))
            return self._again(request, struct.pack("<II", 10, 10 + ticks))
        return super()._handle(request)

    def _answer(self, sample: bytes) -> bytes:
        return struct.pack("<IIhh", 2000, 3000, 0, sample[0] % CLASSES) + sample[:CLASSES]

    def _again(self, request: Frame, payload: bytes) -> bytes:
        answer = encode(Frame(request.type | 0x80, request.sequence, payload))
        self._answers[request.sequence] = answer
        return answer


class PlayedTool:
    """A flasher bound to a player. `broken` says what it does: "" or an error; it may hang."""

    name = "openocd"
    image = "elf"
    uses_console = False
    reset_line = "none"

    def __init__(self, player: Player) -> None:
        self.player = player
        self.calls: list[str] = []
        self.broken = ""
        self.hang: threading.Event | None = None

    def version(self) -> str:
        return "1.0"

    def flash(self, image: Image) -> None:
        self._do("flash")

    def reset(self) -> None:
        self._do("reset")

    def erase(self) -> None:
        self._do("erase")

    def _do(self, what: str) -> None:
        self.calls.append(what)
        if self.hang is not None:
            self.hang.wait(30)
        if self.broken:
            raise ToolFailed(self.broken)
        self.player.reset()


class PlayedSwitch:
    """A hub's port; with `works` false it says that power went, and it did not."""

    def __init__(self, player: Player, tool: PlayedTool, *, trusted: bool, works: bool) -> None:
        self.is_trusted = trusted
        self.calls: list[str] = []
        self._player, self._tool, self._works = player, tool, works

    def off(self) -> None:
        self.calls.append("off")

    def on(self) -> None:
        self.calls.append("on")
        if self._works:
            self._tool.broken = ""
            self._player.reset()


def attach(
    player: Player, tool: PlayedTool, image: Image, firmware: Firmware, memory: Path
) -> AttachedBoard:
    """Start a player as `start_attached` starts a board."""
    console = SerialConsole(vendor="0483", product="374b", serial="A1")
    line = line_at(console, write_timeout_s=0.5, reopen_for_s=0.5, ports=player.ports)
    machine = AttachedBoard(Wiring("left", tool, line, False, memory), image, firmware)
    machine.prepare()
    return machine
