"""A USB tree as the kernel shows it, in a folder, whose devices come and go."""

from __future__ import annotations

import shutil
from pathlib import Path


class UsbTree:
    """`/sys` with devices by location; each that is plugged in gets a new address."""

    def __init__(self, root: Path) -> None:
        self.sys = root / "sys"
        (self.sys / "bus/usb/devices").mkdir(parents=True)
        (self.sys / "class/block").mkdir(parents=True)
        self._address = 3

    def plug(self, location: str, ids: str, serial: str = "", title: str = "Board") -> None:
        self.unplug(location)
        folder = self._folder(location)
        folder.mkdir()
        (folder.parent / f"{location}:1.0").mkdir()
        vendor, product = ids.split(":")
        self._address += 1
        facts = {"idVendor": vendor, "idProduct": product, "serial": serial, "product": title,
                 "busnum": location[0], "devnum": str(self._address)}  # fmt: skip
        for name, value in facts.items():
            if value:
                (folder / name).write_text(f"{value}\n")

    def unplug(self, location: str) -> None:
        shutil.rmtree(self._folder(location), ignore_errors=True)
        shutil.rmtree(self._folder(f"{location}:1.0"), ignore_errors=True)

    def drive(self, location: str, name: str) -> None:
        """Show a drive with one partition behind a device."""
        for block in (name, f"{name}1"):
            real = self.sys / f"devices/usb1/{location}/{location}:1.0/host0/block/{block}"
            real.mkdir(parents=True)
            (self.sys / "class/block" / block).symlink_to(real)

    def no_drive(self) -> None:
        for link in (self.sys / "class/block").iterdir():
            link.unlink()

    def _folder(self, location: str) -> Path:
        return self.sys / "bus/usb/devices" / location
