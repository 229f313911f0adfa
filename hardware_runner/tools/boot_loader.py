"""Boot loaders that a board enters when its port is opened at 1200 baud and let go.

The board then comes back as another device, in the same socket: so it is followed by its
location, however many boards of its kind are there.

Source: Arduino, "Arduino Platform Specification", `upload.use_1200bps_touch`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import serial

from hardware_runner.bench import Usb
from hardware_runner.board import Board
from hardware_runner.consoles.ports import (
    ListPorts,
    SerialPort,
    describe,
    find_port,
    list_serial_ports,
)
from hardware_runner.errors import BenchError, BoardTrouble, PortMissing
from hardware_runner.usb import SYS, UsbDevice, device_at, find_device, list_devices

APPEAR_TIMEOUT_S = 15.0
_POLL_S = 0.1


def touch(path: str) -> None:
    """Open a port at 1200 baud and let its lines go. Raises OSError."""
    with serial.Serial(path, baudrate=1200, exclusive=True) as port:
        port.dtr = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the search for boards looks at and does; tests bring their own."""

    sys: Path = SYS
    ports: ListPorts = list_serial_ports
    touch: Callable[[str], None] = touch
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Socket:
    """Where a board is plugged in, whether its firmware or its boot loader runs.

    Args:
        at: The running board, by vendor, product and serial number or location.
        loaders: Vendor and product of its boot loader; none: any device that came anew counts.
    """

    at: Usb
    loaders: tuple[tuple[str, str], ...]
    timeout_s: float = APPEAR_TIMEOUT_S
    around: Surroundings = field(default_factory=Surroundings)

    def enter(self) -> UsbDevice:
        """Bring the boot loader up, unless it is up, and return its device.

        Raises:
            PortMissing: there is neither the board nor its boot loader.
            BoardTrouble: the boot loader did not come up.
        """
        if loader := self._loader():
            return loader
        running = find_device(self.at, self.around.sys)
        if running is None:
            raise PortMissing(
                f"Neither the board {describe(self.at)} nor its boot loader is there: check the "
                "cable, or enter the boot loader by the board's button."
            )
        where = Usb(vendor=running.vendor, product=running.product, location=running.location)
        try:
            port = find_port(where, ports=self.around.ports)
            self.around.touch(port.path)
        except PortMissing as error:
            raise PortMissing(
                f"The board {describe(self.at)} runs a firmware without a serial port, which "
                "cannot be asked for its boot loader: enter it by the board's button."
            ) from error
        except OSError as error:
            raise BoardTrouble(
                f"The board's port {port.path} does not open: {error}. Close other programs "
                "that use it; `boardwright bench doctor` tells about rights."
            ) from error
        return self._await_loader(running)

    def port(self, loader: UsbDevice) -> SerialPort:
        """Return the boot loader's serial port, once it is there. Raises PortMissing."""
        where = Usb(vendor=loader.vendor, product=loader.product, location=loader.location)
        deadline = self.around.now() + self.timeout_s
        while True:
            try:
                return find_port(where, ports=self.around.ports)
            except PortMissing:
                if self.around.now() >= deadline:
                    raise
            self.around.sleep(_POLL_S)

    def _loader(self) -> UsbDevice | None:
        """Return a boot loader that is up, of this board beyond doubt."""
        meant = [
            device
            for device in list_devices(self.around.sys)
            if (device.vendor, device.product) in self.loaders
            and (not self.at.location or device.location == self.at.location)
            and (self.at.location or (self.at.serial and device.serial == self.at.serial))
        ]
        if len(meant) > 1:  # an RP2040's boot ROM tells the same serial number on every board
            raise BenchError(
                f"Two boot loaders could be meant: {'; '.join(map(str, meant))}. Add the board's "
                "`location` to bench.toml."
            )
        return meant[0] if meant else None

    def _await_loader(self, running: UsbDevice) -> UsbDevice:
        deadline = self.around.now() + self.timeout_s
        while True:
            found = device_at(running.location, self.around.sys)
            if found is not None and found.address != running.address:
                known = (found.vendor, found.product) in self.loaders
                if known or not self.loaders:
                    return found
            if self.around.now() >= deadline:
                raise BoardTrouble(
                    f"The board at {running.location} did not enter its boot loader within "
                    f"{self.timeout_s:g} s of being asked: press its reset button twice."
                )
            self.around.sleep(_POLL_S)


def socket_of(at: Usb, board: Board, around: Surroundings | None = None) -> Socket:
    """Return where a board is; its boot loader is the first of the ids that it is known by."""
    loaders = tuple((f"{ids.vendor:04x}", f"{ids.product:04x}") for ids in board.usb[:1])
    return Socket(at, loaders, around=around or Surroundings())
