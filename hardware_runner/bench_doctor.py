"""The bench's doctor: what is wrong at each place, and the command that mends it."""

from __future__ import annotations

import grp
import os
import pwd
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hardware_runner.bench import Bench, Place, SerialConsole, Usb
from hardware_runner.boards import BOARDS, find_board
from hardware_runner.condition import wedged
from hardware_runner.consoles.ports import ListPorts, find_port, list_serial_ports
from hardware_runner.errors import BenchError, RunnerError
from hardware_runner.gear import EMULATED
from hardware_runner.labgrid import SCHEME
from hardware_runner.labgrid_client import Client, holder_of
from hardware_runner.lease import LOCKS_VARIABLE
from hardware_runner.tools import make_flasher
from hardware_runner.tools.flasher import Flasher
from hardware_runner.usb import SYS, UsbDevice, list_devices

RULES = Path("/etc/udev/rules.d/60-boardwright.rules")
_MEDDLERS = {"ModemManager": "modemmanager", "brltty": "brltty"}
_OLDEST_YEAR_S = 1_700_000_000  # a clock before this was never set


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at; `cure` is empty where all is well, else a command or what to do."""

    place: str  # empty for the machine as a whole
    what: str
    said: str
    cure: str = ""

    @property
    def is_trouble(self) -> bool:
        """Say whether somebody must act."""
        return bool(self.cure)


@dataclass(frozen=True, slots=True)
class Host:
    """What the doctor looks at; tests bring a machine of files."""

    sys: Path = SYS
    proc: Path = Path("/proc")
    rules: Path = RULES
    ports: ListPorts = list_serial_ports
    flasher: Callable[[Place], Flasher] = lambda place: make_flasher(place, find_board(place.board))
    uid: int = field(default_factory=os.geteuid)
    now_s: Callable[[], float] = time.time


def examine(bench: Bench, folder: Path, host: Host | None = None) -> list[Finding]:
    """Look after the machine and after each place; takes no lock and writes nothing."""
    host = host or Host()
    found = [*_machine(bench, host), *_farm(bench)]
    for place in bench.places:
        found += _place(place, folder, host)
        if not bench.reservation.startswith(SCHEME):  # labgrid knows lines of its own
            found += _line(place)
    return found


def udev_rules(bench: Bench | None) -> str:
    """Return rules that let the group plugdev use the probes and boards, and keep others away.

    Args:
        bench: Whose probes and boards; None, before there is one: those of every known board.

    Source: udev(7); ModemManager, "ID_MM_DEVICE_IGNORE"; systemd, "TAG uaccess".
    """
    if bench is None:
        known = (usb for board in BOARDS.values() for usb in board.usb)
        ids = {(f"{usb.vendor:04x}", f"{usb.product:04x}") for usb in known}
    else:
        ids = {(usb.vendor, usb.product) for place in bench.places for usb in _usb(place)}
    lines = [
        f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}", '
        'MODE="0660", GROUP="plugdev", TAG+="uaccess", ENV{ID_MM_DEVICE_IGNORE}="1"'
        for vendor, product in sorted(ids)
    ]
    guard = 'SUBSYSTEM!="usb|tty|hidraw", GOTO="boardwright_end"'
    return "\n".join([guard, *lines, 'LABEL="boardwright_end"']) + "\n"


def _machine(bench: Bench, host: Host) -> Iterator[Finding]:
    running = _running(host.proc)
    for program, package in _MEDDLERS.items():
        if program.lower() in running:
            yield Finding(
                "", program, "runs, and talks to serial ports as soon as they appear",
                f"sudo apt-get remove {package}",
            )  # fmt: skip
    if host.now_s() < _OLDEST_YEAR_S:
        yield Finding(
            "", "clock", "was never set, so that reports bear a wrong date",
            "sudo timedatectl set-ntp true",
        )  # fmt: skip
    if any(place.flasher != EMULATED for place in bench.places):
        yield from _rights(bench, host)
    if not os.environ.get(LOCKS_VARIABLE):
        yield Finding(
            "", "locks", "are this user's own: a runner's service under another user or session "
            f"does not see them; set {LOCKS_VARIABLE} for both to share a folder",
        )  # fmt: skip


def _farm(bench: Bench) -> Iterator[Finding]:
    """Ask labgrid's coordinator for each place, where it reserves them."""
    if not bench.reservation.startswith(SCHEME):
        return
    client = Client(bench.reservation.removeprefix(SCHEME), "boardwright-doctor")
    for place in bench.places:
        try:
            shown = client.show(place.name)
        except BenchError as unknown:
            yield Finding(place.name, "labgrid", "does not know it", str(unknown))
        except RunnerError as trouble:
            yield Finding("", "labgrid", "cannot be asked", str(trouble))
            return
        else:
            who = holder_of(shown)
            yield Finding(place.name, "labgrid", f"held by {who}" if who else "free")


def _rights(bench: Bench, host: Host) -> Iterator[Finding]:
    wanted = udev_rules(bench)
    try:
        there = host.rules.read_text()
    except OSError:
        there = ""
    missing = [line for line in wanted.splitlines() if line not in there]
    if missing:
        yield Finding(
            "", "udev rules", f"{host.rules} lacks {len(missing)} lines",
            f"boardwright bench doctor --rules | sudo tee {host.rules} && sudo udevadm control "
            "--reload && sudo udevadm trigger",
        )  # fmt: skip
    else:
        yield Finding("", "udev rules", "are there")
    if host.uid != 0 and (absent := _absent_groups(host.uid)):
        name = pwd.getpwuid(host.uid).pw_name
        yield Finding(
            "", "groups", f"{name} is not in {' and '.join(absent)}",
            f"sudo usermod -aG {','.join(absent)} {name}, then log in again",
        )  # fmt: skip


def _absent_groups(uid: int) -> list[str]:
    try:
        user = pwd.getpwuid(uid)
    except KeyError:  # such as in a container: nobody could be added to a group
        return []
    mine = set(os.getgrouplist(user.pw_name, user.pw_gid))
    known = {entry.gr_name: entry.gr_gid for entry in grp.getgrall()}
    return [name for name in ("dialout", "plugdev") if name in known and known[name] not in mine]


def _place(place: Place, folder: Path, host: Host) -> Iterator[Finding]:
    if mark := wedged(place.name, folder):
        yield Finding(
            place.name, "board", str(mark),
            f"look after the board, then: boardwright bench release {place.name}",
        )  # fmt: skip
    yield _tool(place, host)
    if place.flasher == EMULATED:
        return
    devices = list_devices(host.sys)
    if place.probe is not None:
        yield _probe(place, place.probe, devices)
    if isinstance(place.console, SerialConsole):
        yield _console(place, place.console, host)
    if place.power is not None and place.power.proven is None:
        yield Finding(
            place.name, "power", "was never proven to go off, so it is not used",
            f"boardwright bench enroll --prove-power {place.name}",
        )  # fmt: skip


def _line(place: Place) -> Iterator[Finding]:
    if place.flasher != EMULATED and place.console is None:
        yield Finding(
            place.name, "console", "is not named, so nothing can be measured here",
            'add the port that its UART is wired to: console = {kind = "serial", vendor = "...", '
            'product = "...", serial = "..."}',
        )  # fmt: skip


def _tool(place: Place, host: Host) -> Finding:
    try:
        return Finding(place.name, place.flasher, host.flasher(place).version())
    except RunnerError as trouble:
        return Finding(place.name, place.flasher, "does not work here", str(trouble))


def _probe(place: Place, probe: Usb, devices: Sequence[UsbDevice]) -> Finding:
    named = [
        d for d in devices
        if (d.vendor, d.product) == (probe.vendor, probe.product)
        and (not probe.serial or d.serial.casefold() == probe.serial.casefold())
        and (not probe.location or d.location == probe.location)
    ]  # fmt: skip
    if len(named) == 1:
        return Finding(place.name, "probe", str(named[0]))
    if named:
        return Finding(
            place.name, "probe", f"could be {' or '.join(map(str, named))}",
            "add `serial`, or `location`, to its `probe` in bench.toml",
        )  # fmt: skip
    there = "; ".join(map(str, devices)) or "nothing"
    return Finding(
        place.name, "probe", f"is not plugged in; on USB: {there}",
        "check cable and power; if it was replaced: boardwright bench enroll",
    )  # fmt: skip


def _console(place: Place, console: SerialConsole, host: Host) -> Finding:
    try:
        port = find_port(console, console.interface, ports=host.ports)
    except RunnerError as trouble:
        return Finding(place.name, "console", "is not there", str(trouble))
    users = _users_of(Path(port.path), host.proc)
    if users:
        return Finding(
            place.name, "console", f"{port.path} is in use by {', '.join(users)}",
            "end that program; a run of ours shows in: boardwright bench status",
        )  # fmt: skip
    if Path(port.path).exists() and not os.access(port.path, os.R_OK | os.W_OK):
        return Finding(
            place.name, "console", f"{port.path} may not be opened by this user",
            "sudo usermod -aG dialout $USER, then log in again",
        )  # fmt: skip
    return Finding(place.name, "console", str(port))


def _users_of(path: Path, proc: Path) -> list[str]:
    """Return who has a file open, as far as this user may see. Source: proc(5), /proc/pid/fd."""
    users = []
    for folder in proc.glob("[0-9]*"):
        try:
            open_files = {str(link.readlink()) for link in (folder / "fd").iterdir()}
            if str(path) in open_files and folder.name != str(os.getpid()):
                users.append(f"{(folder / 'comm').read_text().strip()} (process {folder.name})")
        except OSError:
            continue
    return users


def _running(proc: Path) -> set[str]:
    names = set()
    for comm in proc.glob("[0-9]*/comm"):
        try:
            names.add(comm.read_text().strip().lower())
        except OSError:
            continue
    return names


def _usb(place: Place) -> Iterator[Usb]:
    if place.probe is not None:
        yield place.probe
    if isinstance(place.console, SerialConsole):
        yield place.console
