"""uhubctl: a port of a USB hub that switches each port's power.

A hub may say that a port is off while the board goes on running. So every change is read back, and
a port is trusted only where `prove` saw the board go and come back.

Source: uhubctl 2.5, `uhubctl -h` and README.md, "USB 3.0 duality note", "Linux USB permissions".
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hardware_runner.bench import HubPower
from hardware_runner.errors import BoardTrouble, ToolFailed
from hardware_runner.tools.program import RESET_TIMEOUT_S, Cause, Program, run
from hardware_runner.usb import SYS, UsbDevice, list_devices

PROGRAM = Program(
    "uhubctl", "apt-get install --no-install-recommends uhubctl", executable="uhubctl"
)
CAUSES = (
    Cause(
        r"permission problem|libusb_error_access",
        "This user may not switch the hub: install uhubctl's udev rule, which `boardwright bench "
        "doctor` shows.",
    ),
    Cause(
        r"no compatible (devices|smart hubs) detected",
        "There is no hub at this location whose ports can be switched: compare it with `uhubctl`.",
    ),
    Cause(r"multiple hubs at once", "The location in bench.toml fits two hubs: name it in full."),
)
GONE_WITHIN_S = 10.0
BACK_WITHIN_S = 30.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class HubPort:
    """One port of one hub."""

    location: str
    port: int
    is_trusted: bool = False
    timeout_s: float = RESET_TIMEOUT_S

    @property
    def socket(self) -> str:
        """Return the USB location of what is plugged in: "1-1.4.2" at port 2 of hub 1-1.4."""
        between = "." if "-" in self.location else "-"
        return f"{self.location}{between}{self.port}"

    def off(self) -> None:
        """Cut the power, and read back that the hub says so."""
        self._switch("off")

    def on(self) -> None:
        """Restore the power, and read back that the hub says so."""
        self._switch("on")

    def is_on(self) -> bool:
        """Return what the hub says; of the two hubs in one with USB 3, if either has power."""
        said = self._run([])
        states = re.findall(rf"^\s*Port {self.port}: [0-9a-f]{{4}}(.*)$", said, re.MULTILINE)
        if not states:
            raise ToolFailed(
                f"uhubctl says nothing of port {self.port} of hub {self.location}: "
                f"{' / '.join(said.split(chr(10))[:3])}"
            )
        return any(" power" in state for state in states)

    def _switch(self, action: Literal["on", "off"]) -> None:
        self._run(["-a", action])
        if self.is_on() != (action == "on"):
            raise ToolFailed(
                f"Port {self.port} of hub {self.location} was switched {action} and says that it "
                "is not: the hub cannot switch it; take `power` out of bench.toml."
            )

    def _run(self, arguments: list[str]) -> str:
        at = ["-l", self.location, "-p", str(self.port)]
        return run(PROGRAM, [*at, *arguments], timeout_s=self.timeout_s, causes=CAUSES)


@dataclass(frozen=True, slots=True)
class Proof:
    """What an attempt to switch a board off showed; `reason` is for people."""

    is_proven: bool
    reason: str


def prove(
    port: HubPort,
    *,
    gone_within_s: float = GONE_WITHIN_S,
    back_within_s: float = BACK_WITHIN_S,
    sys: Path = SYS,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Proof:
    """Switch a board off and on, and tell whether it went and came back; it is on in the end.

    It sees USB, not the supply: a board that is fed from elsewhere too, or a hub that parts the
    data lines alone, passes. Whoever enrols a board looks at its light.

    Raises:
        ToolMissing: uhubctl is not installed.
    """
    before = _plugged(port, sys)
    if not before:
        return Proof(False, f"Nothing is plugged in at {port.socket}: check hub and port.")
    names = ", ".join(map(str, before))
    try:
        try:
            port.off()
            gone = _await(lambda: not _plugged(port, sys), gone_within_s, sleep, now)
        finally:
            port.on()
    except BoardTrouble as trouble:
        return Proof(False, str(trouble))
    if not gone:
        return Proof(
            False,
            f"The hub says off, and {names} stays: it does not cut the power of this port. (Linux "
            "before 6.0 may keep showing a board that is off.)",
        )
    wanted = {_identity(device) for device in before}
    if not _await(
        lambda: wanted <= {_identity(d) for d in _plugged(port, sys)}, back_within_s, sleep, now
    ):
        return Proof(False, f"{names} did not come back within {back_within_s:g} s of power.")
    return Proof(True, f"{names} went and came back.")


def make(power: HubPower) -> HubPort:
    """Return the port; trusted where bench.toml says since when it is proven."""
    return HubPort(power.location, power.port, power.proven is not None)


def _plugged(port: HubPort, sys: Path) -> list[UsbDevice]:
    """Return what is at the port, and at the hubs behind it."""
    return [d for d in list_devices(sys) if f"{d.location}.".startswith(f"{port.socket}.")]


def _identity(device: UsbDevice) -> tuple[str, str, str, str]:
    return (device.location, device.vendor, device.product, device.serial)


def _await(
    is_so: Callable[[], bool],
    within_s: float,
    sleep: Callable[[float], None],
    now: Callable[[], float],
) -> bool:
    deadline = now() + within_s
    while not is_so():
        if now() >= deadline:
            return False
        sleep(_POLL_S)
    return True
