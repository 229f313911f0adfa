"""What the well-known complaints of tools mean, with the cure of each."""

from __future__ import annotations

from hardware_runner.tools.program import Cause

PROBE_MISSING = (
    "The probe is not there: check its cable, and its serial number in bench.toml "
    "(`boardwright bench doctor` lists what is attached)."
)
PROBE_DENIED = (
    "This user may not use the probe: `boardwright bench doctor --rules | sudo tee "
    "/etc/udev/rules.d/60-boardwright.rules`, then plug it in again."
)
PROBE_BUSY = "Another program uses the probe: close debuggers, IDEs and other runs on this bench."
NO_TARGET = (
    "The chip does not answer: check the board's power and the wires to it, and that nothing "
    "holds it in reset."
)
VERIFY_FAILED = (
    "The flash does not hold what was written: check supply and cable; it may be worn, or "
    "protected against writing."
)
WRONG_CHIP = "Another chip answers than the board has: check in bench.toml what is attached here."

PORT_MISSING = (
    "The board's port is gone: check cable and power (`boardwright bench doctor` lists the ports)."
)
PORT_DENIED = (
    "This user may not use the port: `sudo usermod -aG dialout $USER` (uucp on some systems), "
    "then log in again."
)
PORT_BUSY = "Another program uses the board's port: close serial monitors and other runs."
PORT_CLOSED = (
    "The board's port does not open: another program uses it, this user may not, or the cable is "
    "out (`boardwright bench doctor` tells)."
)
NO_LOADER = (
    "The boot loader does not answer: enter it by the board's button, or check cable and wiring."
)

PORT = (
    Cause(r"permission denied|errno 13\b|eacces", PORT_DENIED),
    Cause(r"resource busy|errno 16\b|exclusively lock|ebusy|already open", PORT_BUSY),
    Cause(r"no such file or directory|errno 2\b|no such device", PORT_MISSING),
)
"""Complaints about serial ports, by the words of the system."""

USB = (
    Cause(r"libusb_error_access|access denied|insufficient permissions|errno 13\b", PROBE_DENIED),
    Cause(r"libusb_error_busy|resource busy|claim.*interface|errno 16\b", PROBE_BUSY),
)
"""Complaints about USB devices, by the words of libusb."""
