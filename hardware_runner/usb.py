"""USB devices of this host, as the kernel lists them.

Source: Linux, Documentation/ABI/stable/sysfs-bus-usb and Documentation/ABI/testing/sysfs-bus-usb.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hardware_runner.bench import Usb
from hardware_runner.errors import BenchError

SYS = Path("/sys")


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A device that is there now. Its location stays through resets, its address does not."""

    vendor: str
    product: str
    serial: str
    location: str
    bus: int
    address: int
    title: str  # what it calls itself

    def __str__(self) -> str:
        serial = f" serial {self.serial}" if self.serial else ""
        return f"{self.vendor}:{self.product}{serial} at {self.location} ({self.title or '?'})"


def list_devices(sys: Path = SYS) -> list[UsbDevice]:
    """Return all devices but root hubs, in the order of their locations."""
    found = []
    for folder in sorted((sys / "bus/usb/devices").glob("*-*")):
        if ":" in folder.name:  # an interface
            continue
        try:
            found.append(
                UsbDevice(
                    vendor=_text(folder, "idVendor"),
                    product=_text(folder, "idProduct"),
                    serial=_text(folder, "serial", ""),
                    location=folder.name,
                    bus=int(_text(folder, "busnum")),
                    address=int(_text(folder, "devnum")),
                    title=_text(folder, "product", ""),
                )
            )
        except (OSError, ValueError):  # it went while it was read
            continue
    return found


def find_device(at: Usb, sys: Path = SYS) -> UsbDevice | None:
    """Return a device, or None where it is not there.

    Raises:
        BenchError: two devices could be meant.
    """
    meant = [
        device
        for device in list_devices(sys)
        if (device.vendor, device.product) == (at.vendor, at.product)
        and (not at.serial or device.serial.casefold() == at.serial.casefold())
        and (not at.location or device.location == at.location)
    ]
    if len(meant) > 1:
        raise BenchError(
            f"Two devices could be meant: {'; '.join(map(str, meant))}. Add `serial`, or "
            "`location` where they have none, to bench.toml."
        )
    return meant[0] if meant else None


def device_at(location: str, sys: Path = SYS) -> UsbDevice | None:
    """Return whatever is plugged in at a location, or None."""
    return next((d for d in list_devices(sys) if d.location == location), None)


def _text(folder: Path, name: str, default: str | None = None) -> str:
    try:
        return (folder / name).read_text(errors="replace").strip()
    except OSError:
        if default is None:
            raise
        return default
