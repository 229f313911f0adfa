"""Boards that show another device in their boot loader: entered, told apart, written as a drive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hardware_runner.bench import Usb
from hardware_runner.boards import BOARDS
from hardware_runner.consoles.ports import SerialPort
from hardware_runner.errors import BenchError, BoardTrouble, PortMissing, ToolFailed, ToolMissing
from hardware_runner.tools.boot_loader import Socket, Surroundings, socket_of
from hardware_runner.tools.flasher import Image
from hardware_runner.tools.uf2 import Uf2
from hardware_runner.usb import find_device, list_devices
from tests.hardware_runner.usb_sockets import UsbTree

NANO = BOARDS["arduino-nano33ble"]
PICO = BOARDS["raspberry-pi-pico"]
BOOT, APP = "2341:005a", "2341:805a"
PICO_BOOT, PICO_APP = "2e8a:0003", "2e8a:000a"
ROM_SERIAL = "E0C9125B0D9B"


class Bench:
    """Two boards of one kind; asked at 1200 baud, a board shows `becomes`."""

    def __init__(self, root: Path) -> None:
        self.tree = UsbTree(root)
        self.touched: list[str] = []
        self.becomes: Callable[[], None] = lambda: self.tree.plug("1-1.4", BOOT)
        self.on_sleep: Callable[[], None] = lambda: None
        self.time = 0.0
        self.tree.plug("1-1.3", APP, "S3")
        self.tree.plug("1-1.4", APP, "S4")

    def ports(self) -> list[SerialPort]:
        return [
            SerialPort(f"/dev/tty{d.location}", d.vendor, d.product, d.serial, d.location, None)
            for d in list_devices(self.tree.sys)
        ]

    def touch(self, path: str) -> None:
        self.touched.append(path)
        self.becomes()

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.on_sleep()

    def around(self) -> Surroundings:
        return Surroundings(self.tree.sys, self.ports, self.touch, self.sleep, lambda: self.time)

    def socket(self, serial: str = "S4", location: str = "", ids: str = APP) -> Socket:
        vendor, product = ids.split(":")
        at = Usb(vendor=vendor, product=product, serial=serial, location=location)
        return socket_of(at, PICO if vendor == "2e8a" else NANO, self.around())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_board_meant_is_touched_and_followed_by_its_location(bench: Bench) -> None:
    bench.tree.plug("1-1.2", BOOT)  # another board's, already in it
    socket = bench.socket()
    loader = socket.enter()
    assert bench.touched == ["/dev/tty1-1.4"]
    assert (loader.location, loader.product) == ("1-1.4", "005a")
    assert socket.port(loader).path == "/dev/tty1-1.4"


def test_a_boot_loader_that_is_up_is_not_touched(bench: Bench) -> None:
    bench.tree.plug("1-1.4", BOOT, "S4")
    assert bench.socket().enter().location == "1-1.4"
    assert bench.socket(location="1-1.4").enter().location == "1-1.4"
    assert bench.touched == []


def test_a_board_that_stays_as_it_is_ends_in_a_bounded_time(bench: Bench) -> None:
    bench.becomes = lambda: None
    with pytest.raises(BoardTrouble, match=r"did not enter its boot loader within 15 s"):
        bench.socket().enter()


def test_neither_board_nor_boot_loader(bench: Bench) -> None:
    with pytest.raises(PortMissing, match=r"Neither the board 2341:805a serial S9"):
        bench.socket("S9").enter()
    with pytest.raises(BenchError, match="Two devices could be meant"):
        bench.socket("").enter()


def test_a_port_that_does_not_open_names_the_cure(bench: Bench) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied")

    bench.becomes = refuse
    with pytest.raises(BoardTrouble, match=r"tty1-1\.4 does not open: .*Permission denied"):
        bench.socket().enter()


def test_boot_roms_with_one_serial_number_are_told_apart_by_location(bench: Bench) -> None:
    bench.tree.plug("1-1.3", PICO_BOOT, ROM_SERIAL)
    bench.tree.plug("1-1.4", PICO_BOOT, ROM_SERIAL)
    with pytest.raises(BenchError, match=r"Two boot loaders could be meant.*`location`"):
        bench.socket(ROM_SERIAL, ids=PICO_BOOT).enter()
    assert bench.socket(ROM_SERIAL, "1-1.3", PICO_BOOT).enter().location == "1-1.3"


def test_a_device_of_the_tree_is_found_or_refused(bench: Bench) -> None:
    bench.tree.plug("1-1", "0424:2514", title="Hub")
    found = find_device(Usb(vendor="2341", product="805a", serial="s3"), bench.tree.sys)
    assert found is not None
    assert str(found) == "2341:805a serial S3 at 1-1.3 (Board)"
    assert find_device(Usb(vendor="2341", product="ffff"), bench.tree.sys) is None


class Drive:
    """The drive of a Pico's boot ROM, which goes once it took a firmware."""

    def __init__(self, bench: Bench, root: Path) -> None:
        self.bench = bench
        self.folder = root / "RPI RP2"
        self.folder.mkdir()
        (self.folder / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\n")
        self.mounts = root / "mounts"
        self.mounts.write_text("/dev/sda1 / ext4 rw 0 0\n")
        self.taken = b""
        bench.tree.plug("1-1.4", PICO_BOOT, ROM_SERIAL)
        bench.tree.drive("1-1.4", "sdb")
        bench.on_sleep = self.take

    def mount(self, device: str) -> None:
        where = str(self.folder).replace(" ", "\\040")
        self.mounts.write_text(self.mounts.read_text() + f"{device} {where} vfat rw 0 0\n")

    def take(self) -> None:
        with_firmware = self.folder / "firmware.uf2"
        if with_firmware.exists():
            self.taken = with_firmware.read_bytes()
            self.bench.tree.no_drive()

    def tool(self) -> Uf2:
        socket = self.bench.socket(ROM_SERIAL, "1-1.4", PICO_BOOT)
        return Uf2(socket, self.mounts, self.mount)


@pytest.fixture
def drive(bench: Bench, tmp_path: Path) -> Drive:
    return Drive(bench, tmp_path)


@pytest.fixture
def image(tmp_path: Path) -> Image:
    path = tmp_path / "firmware.uf2"
    path.write_bytes(b"UF2\n" + bytes(508))
    return Image(path, "uf2", 0)


@pytest.mark.parametrize("mounted", [True, False])
def test_a_firmware_is_copied_and_the_drive_goes(drive: Drive, image: Image, mounted: bool) -> None:
    if mounted:
        drive.mount("/dev/sdb1")
        drive.mount = lambda device: pytest.fail("it was mounted")  # type: ignore[method-assign]
    drive.tool().flash(image)
    assert drive.taken == image.path.read_bytes()


def test_a_drive_that_stays_ends_in_a_bounded_time(drive: Drive, image: Image) -> None:
    drive.bench.on_sleep = lambda: None
    with pytest.raises(BoardTrouble, match=r"did not restart from the new firmware within 30 s"):
        drive.tool().flash(image)


def test_a_boot_loader_without_a_drive_ends_in_a_bounded_time(drive: Drive, image: Image) -> None:
    drive.bench.tree.no_drive()
    drive.bench.tree.drive("1-1.3", "sdc")  # somebody else's
    with pytest.raises(BoardTrouble, match="did not show a drive within 30 s"):
        drive.tool().flash(image)


def test_a_drive_that_is_no_boot_loader_is_left_alone(drive: Drive, image: Image) -> None:
    (drive.folder / "INFO_UF2.TXT").unlink()
    with pytest.raises(ToolFailed, match=r"holds no INFO_UF2\.TXT"):
        drive.tool().flash(image)
    assert not (drive.folder / "firmware.uf2").exists()


def test_a_file_that_is_no_uf2_is_refused(drive: Drive, image: Image) -> None:
    image.path.write_bytes(b"\x7fELF")
    with pytest.raises(ToolFailed, match=r"firmware\.uf2 is no UF2 file"):
        drive.tool().flash(image)


def test_without_udisks_it_says_what_to_do(drive: Drive, image: Image) -> None:
    def missing(device: str) -> None:
        raise ToolMissing("udisksctl is not installed: apt-get install udisks2")

    drive.mount = missing  # type: ignore[method-assign]
    with pytest.raises(ToolMissing, match=r"/dev/sdb1 is not mounted, and udisksctl"):
        drive.tool().flash(image)
