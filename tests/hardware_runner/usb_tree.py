"""A machine of files: USB devices as the kernel lists them, processes, mounts."""

from __future__ import annotations

from pathlib import Path


def plug(sys: Path, location: str, vendor: str, product: str, serial: str = "") -> Path:
    """Add a device to a tree like /sys and return its folder."""
    folder = sys / "bus/usb/devices" / location
    folder.mkdir(parents=True)
    files = {"idVendor": vendor, "idProduct": product, "busnum": "1", "devnum": "4"}
    if serial:
        files["serial"] = serial
    for name, text in files.items():
        (folder / name).write_text(text + "\n")
    return folder


def run_process(proc: Path, pid: int, name: str, *open_files: str) -> None:
    """Add a process to a tree like /proc."""
    folder = proc / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(name + "\n")
    for number, path in enumerate(open_files):
        (folder / "fd" / str(number)).symlink_to(path)
