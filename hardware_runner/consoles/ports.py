"""Serial ports of this host by what they are on USB, because their paths change."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serial.tools import list_ports

from hardware_runner.bench import Usb
from hardware_runner.errors import BenchError, PortMissing


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A port that is there now; `interface` is None where its device has one port alone."""

    path: str
    vendor: str
    product: str
    serial: str
    location: str
    interface: int | None

    def __str__(self) -> str:
        known = f"{self.vendor}:{self.product} serial {self.serial or 'none'}"
        interface = "" if self.interface is None else f", interface {self.interface}"
        return f"{self.path} ({known} at {self.location}{interface})"


ListPorts = Callable[[], Sequence[SerialPort]]


def list_serial_ports() -> list[SerialPort]:
    """Return the serial ports on USB, in the order of their paths."""
    found = []
    for port in list_ports.comports():
        if port.vid is None or port.pid is None:
            continue
        # Linux, Documentation/ABI/stable/sysfs-bus-usb: <bus>-<ports>:<configuration>.<interface>
        location, _, interface = (port.location or "").partition(":")
        number = re.fullmatch(r"\d+\.(\d+)", interface)
        found.append(
            SerialPort(
                path=port.device,
                vendor=f"{port.vid:04x}",
                product=f"{port.pid:04x}",
                serial=port.serial_number or "",
                location=location,
                interface=int(number[1]) if number else None,
            )
        )
    return sorted(found, key=lambda port: port.path)


def find_port(
    at: Usb, interface: int | None = None, *, ports: ListPorts = list_serial_ports
) -> SerialPort:
    """Return the one port of a device, of its first interface with a port where none is named.

    Raises:
        PortMissing: it is not there; lists those that are.
        BenchError: two devices could be meant.
    """
    attached = ports()
    meant = [port for port in attached if _is(port, at)]
    devices = {(port.serial, port.location) for port in meant}
    if len(devices) > 1:
        raise BenchError(
            f"Two devices could be meant by {describe(at)}: {'; '.join(map(str, meant))}. "
            "Add `serial`, or `location` where they have none, to bench.toml."
        )
    if interface is not None:
        meant = [port for port in meant if port.interface in (interface, None)]
    if not meant:
        there = "; ".join(map(str, attached)) or "none"
        wanted = "" if interface is None else f", interface {interface}"
        raise PortMissing(
            f"There is no serial port of {describe(at)}{wanted}. Ports on USB: {there}. Check "
            "cable and power of the board; `boardwright bench doctor` looks further."
        )
    return min(meant, key=lambda port: (port.interface or 0, port.path))


def describe(at: Usb) -> str:
    """Return a device's ids as people write them."""
    serial = f" serial {at.serial}" if at.serial else ""
    location = f" at {at.location}" if at.location else ""
    return f"{at.vendor}:{at.product}{serial}{location}"


def _is(port: SerialPort, at: Usb) -> bool:
    return (
        (port.vendor, port.product) == (at.vendor, at.product)
        and (not at.serial or port.serial.casefold() == at.serial.casefold())
        and (not at.location or port.location == at.location)
    )
