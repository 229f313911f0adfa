"""Each tool's command line, its success and its complaints, with programs that stand in."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from hardware_runner.bench import Place, SerialConsole, Usb
from hardware_runner.boards import BOARDS
from hardware_runner.consoles.ports import SerialPort
from hardware_runner.errors import BenchError, ToolFailed, ToolMissing, UnknownTool
from hardware_runner.tools import (
    TOOLS,
    arduino_cli,
    avrdude,
    bossac,
    causes,
    dfu_util,
    esptool,
    make_flasher,
    openocd,
    picotool,
    pyocd,
    stm32flash,
)
from hardware_runner.tools.choice import own_port
from hardware_runner.tools.flasher import Flasher, Image
from hardware_runner.tools.program import meaning
from hardware_runner.usb import UsbDevice

F446 = BOARDS["nucleo-f446re"]
PORT = SerialConsole(vendor="2341", product="0043", serial="A1")
HERE = SerialPort("/dev/ttyACM7", "2341", "0043", "A1", "1-1.4", None)
COMPLAINTS = tomllib.loads(Path(__file__).with_name("complaints.toml").read_text())["complaint"]


def place(flasher: str, vendor: str = "0483", product: str = "374b", **fields: object) -> Place:
    probe = fields.pop("probe", Usb(vendor=vendor, product=product, serial="066CFF5"))
    return Place(name="left", board="x", flasher=flasher, probe=probe, **fields)


class Plugged:
    """A socket with a boot loader that is up."""

    def enter(self) -> UsbDevice:
        return UsbDevice("2341", "035b", "X9", "1-1.4", 1, 9, "DFU")

    def port(self, loader: UsbDevice) -> SerialPort:
        return HERE


def ports() -> list[SerialPort]:
    return [HERE, SerialPort("/dev/ttyACM1", "2341", "0043", "OTHER", "1-1.3", None)]


SILENT = "gdb_port disabled; telnet_port disabled; tcl_port disabled"
ST_LINK = [
    *("-f", "interface/stlink.cfg", "-c", "adapter serial {066CFF5}", "-c", SILENT),
    *("-f", "target/stm32f4x.cfg", "-c"),
]
PYOCD = ["--no-config", "--no-wait", "--uid", "066CFF5", "--target", "stm32h743xx"]
ESP = [
    *("--chip", "esp32s3", "--port", "/dev/ttyACM7", "--baud", "460800"),
    *("--before", "default-reset", "--after", "hard-reset"),
]
BOSSAC = ["--port=ttyACM7", "--usb-port=1", "--offset=0x10000"]
PICO = ["--bus", "1", "--address", "9"]
DFU = [
    *("--device", ",2341:035b", "--path", "1-1.4", "--serial", ",X9", "--alt", "0"),
    *("--dfuse-address", "0x08040000:leave", "--download"),
]
AVR = ["-p", "m328p", "-c", "arduino", "-P", "/dev/ttyACM7", "-b", "115200"]
STM = ["-b", "115200"]


def tool(name: str) -> Flasher:
    """Return a tool as a place would have it, with ports and sockets that stand in."""
    made: dict[str, Flasher] = {
        "openocd": make_flasher(place("openocd"), F446),
        "pyocd": make_flasher(place("pyocd"), BOARDS["nucleo-h743zi"]),
        "esptool": esptool.EspTool(PORT, "esp32s3", ports),
        "bossac": bossac.Bossac(Plugged(), "0x10000"),  # type: ignore[arg-type]
        "picotool": picotool.PicoTool(Plugged()),  # type: ignore[arg-type]
        "dfu-util": dfu_util.DfuUtil(Plugged(), "0x08040000"),  # type: ignore[arg-type]
        "avrdude": avrdude.AvrDude(PORT, "arduino", "m328p", ports),
        "stm32flash": stm32flash.Stm32Flash(PORT, "-", ports),
        "arduino-cli": arduino_cli.ArduinoCli(PORT, "arduino:avr:uno", "hex", ports),
    }
    return made[name]


COMMANDS = {
    "openocd": (
        [*ST_LINK, "program {IMAGE} verify reset exit"],
        [*ST_LINK, "init; reset run; shutdown"],
        [*ST_LINK, "init; reset halt; flash erase_sector 0 0 last; shutdown"],
    ),
    "pyocd": (
        ["load", *PYOCD, "--format", "elf", "IMAGE"],
        ["reset", *PYOCD],
        ["erase", *PYOCD, "--chip"],
    ),
    "esptool": ([*ESP, "write-flash", "0x0", "IMAGE"], [*ESP, "read-mac"], [*ESP, "erase-flash"]),
    "bossac": ([*BOSSAC, "-e", "-w", "-v", "-R", "IMAGE"], [*BOSSAC, "-R"], [*BOSSAC, "-e"]),
    "picotool": (
        ["load", "--verify", "--execute", "IMAGE", *PICO],
        ["reboot", "--application", *PICO],
        ["erase", "--all", *PICO],
    ),
    "dfu-util": ([*DFU, "IMAGE"], None, None),
    "avrdude": ([*AVR, "-D", "-U", "flash:w:IMAGE:i"], AVR, None),
    "stm32flash": (
        [*STM, "-S", "0x8000000", "-w", "IMAGE", "-v", "-g", "0x8000000", "/dev/ttyACM7"],
        [*STM, "-R", "/dev/ttyACM7"],
        [*STM, "-o", "/dev/ttyACM7"],
    ),
}


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program under every tool's name that notes its arguments; return the folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    note = f'printf "%s\\n" "$@" > {tmp_path}/arguments\n'
    end = f"cat {tmp_path}/said 2>/dev/null; exit $(cat {tmp_path}/code 2>/dev/null || echo 0)\n"
    for name in ("openocd", "bossac", "picotool", "dfu-util", "avrdude", "stm32flash",
                 "arduino-cli"):  # fmt: skip
        (programs / name).write_text(f"#!/bin/sh\n{note}{end}")
        (programs / name).chmod(0o755)
    for name in ("pyocd", "esptool"):
        package = tmp_path / "modules" / name
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(
            "import pathlib, sys\n"
            f"here = pathlib.Path({str(tmp_path)!r})\n"
            "(here / 'arguments').write_text('\\n'.join(sys.argv[1:]) + '\\n')\n"
            "print((here / 'said').read_text() if (here / 'said').exists() else '')\n"
            "sys.exit(int((here / 'code').read_text()) if (here / 'code').exists() else 0)\n"
        )
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.delenv("BOARDWRIGHT_BOSSAC", raising=False)
    return tmp_path


def image(folder: Path, kind: str) -> Image:
    path = folder / f"firmware.{kind}"
    path.write_bytes(b"firmware")
    return Image(path, kind, 0x0800_0000 if kind == "bin" else 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_line_is_exact(stand_in: Path, name: str) -> None:
    flasher = tool(name)
    if name == "dfu-util":
        (stand_in / "said").write_text("File downloaded successfully\n")
        (stand_in / "code").write_text("74")
    one = image(stand_in, flasher.image)
    if name == "esptool":
        one = Image(one.path, "bin", 0x4200_0000)
    flash, reset, erase = COMMANDS[name]

    def noted() -> list[str]:
        return (stand_in / "arguments").read_text().splitlines()

    flasher.flash(one)
    assert noted() == [part.replace("IMAGE", str(one.path)) for part in flash]
    if reset is None:
        with pytest.raises(ToolFailed, match="flash it again"):
            flasher.reset()
    else:
        flasher.reset()
        assert noted() == reset
    (stand_in / "arguments").unlink()
    flasher.erase()
    assert noted() == erase if erase else not (stand_in / "arguments").exists()


def test_arduino_cli_gets_a_folder_with_the_image_named_as_it_expects(stand_in: Path) -> None:
    (stand_in / "bin" / "arduino-cli").write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {stand_in}/arguments; ls "$7" > {stand_in}/listed\n'
    )
    flasher = tool("arduino-cli")
    flasher.flash(image(stand_in, "hex"))
    noted = (stand_in / "arguments").read_text().splitlines()
    assert noted[:6] == [
        *("upload", "--fqbn", "arduino:avr:uno", "--port", "/dev/ttyACM7", "--input-dir")
    ]
    assert noted[7:] == ["--verify", "--no-color"]
    assert (stand_in / "listed").read_text() == "firmware.ino.hex\n"
    with pytest.raises(ToolFailed, match="flash it again"):
        flasher.reset()


@pytest.mark.parametrize("name", [*COMMANDS, "arduino-cli"])
def test_a_failure_is_told_with_the_tools_words(stand_in: Path, name: str) -> None:
    (stand_in / "said").write_text("Error: the moon is full\n")
    (stand_in / "code").write_text("1")
    flasher = tool(name)
    with pytest.raises(ToolFailed, match="ended with code 1: Error: the moon is full"):
        flasher.flash(image(stand_in, flasher.image))


@pytest.mark.parametrize("name", [*COMMANDS, "arduino-cli"])
def test_a_tool_that_hangs_is_ended(stand_in: Path, name: str) -> None:
    for program in (stand_in / "bin").iterdir():
        program.write_text("#!/bin/sh\necho connecting; exec sleep 600\n")
    for main in stand_in.glob("modules/*/__main__.py"):
        main.write_text("import time; time.sleep(600)")
    flasher = replace(tool(name), flash_timeout_s=0.2)  # type: ignore[type-var]
    with pytest.raises(ToolFailed, match=r"did not end within 0\.2 s and was ended"):
        flasher.flash(image(stand_in, flasher.image))


@pytest.mark.parametrize("name", ["openocd", "dfu-util", "avrdude", "stm32flash", "arduino-cli",
                                  "bossac", "picotool"])  # fmt: skip
def test_a_missing_tool_names_its_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    flasher = tool(name)
    with pytest.raises(ToolMissing, match=r"apt-get install|https://"):
        flasher.flash(image(tmp_path, flasher.image))


@pytest.mark.parametrize(
    "complaint", COMPLAINTS, ids=[f"{c['tool']} {c['means']} {n}" for n, c in enumerate(COMPLAINTS)]
)
def test_a_complaint_is_understood(complaint: dict[str, str]) -> None:
    modules: dict[str, ModuleType] = {
        "openocd": openocd, "pyocd": pyocd, "esptool": esptool, "bossac": bossac,
        "picotool": picotool, "dfu-util": dfu_util, "avrdude": avrdude,
        "stm32flash": stm32flash, "arduino-cli": arduino_cli,
    }  # fmt: skip
    told = meaning(complaint["said"], modules[complaint["tool"]].CAUSES)
    assert told == getattr(causes, complaint["means"]), told


@pytest.mark.parametrize(("name", "program", "said", "version"), [
    ("openocd", "openocd", "Open On-Chip Debugger 0.12.0\nLicensed under GNU GPL v2", "0.12.0"),
    ("pyocd", "", "0.46.0", "0.46.0"),
    ("esptool", "", "esptool v5.6.0\n5.6.0", "5.6.0"),
    ("bossac", "bossac", "Basic Open Source SAM-BA Application (BOSSA) Version 1.9.1", "1.9.1"),
    ("dfu-util", "dfu-util", "dfu-util 0.11\n\nCopyright 2005-2009", "0.11"),
    ("avrdude", "avrdude", "avrdude version 7.1, URL: <https://github.com>", "7.1"),
    ("stm32flash", "stm32flash", "Failed to open port: /dev/null\nstm32flash 0.7\n", "0.7"),
    ("arduino-cli", "arduino-cli", '{"VersionString": "1.5.1"}', "1.5.1"),
    ("picotool", "picotool", "picotool v2.2.0 (Linux, GNU-14.2.0, Release)", "2.2.0"),
])  # fmt: skip
def test_the_version_is_read(
    stand_in: Path, name: str, program: str, said: str, version: str
) -> None:
    (stand_in / "said").write_text(said)
    assert tool(name).version() == version


@pytest.mark.parametrize(("name", "said", "held"), [
    ("openocd", "Error: init mode failed (unable to connect to the target)", openocd.UNDER_RESET),
    ("pyocd", "C SWD/JTAG communication failure (No ACK)", "--connect\nunder-reset"),
])  # fmt: skip
def test_a_chip_that_does_not_answer_is_asked_again_under_reset(
    stand_in: Path, name: str, said: str, held: str
) -> None:
    (stand_in / "said").write_text(said)
    (stand_in / "code").write_text("1")
    flasher = tool(name)
    with pytest.raises(ToolFailed, match="The chip does not answer"):
        flasher.flash(image(stand_in, "elf"))
    assert held in (stand_in / "arguments").read_text()
    (stand_in / "said").write_text("Error: open failed\nNo connected debug probe")
    with pytest.raises(ToolFailed, match="The probe is not there"):
        flasher.flash(image(stand_in, "elf"))
    assert held not in (stand_in / "arguments").read_text()


def test_an_unknown_tool_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownTool, match=r"'opencd'.*Did you mean openocd\?.*avrdude"):
        make_flasher(place("opencd"), F446)
    assert make_flasher(place("dfu_util"), BOARDS["arduino-portenta-h7"]).name == "dfu-util"


@pytest.mark.parametrize("name", ["openocd", "pyocd", "dfu-util", "picotool", "uf2"])
def test_a_place_whose_probe_has_no_serial_number_is_refused(name: str) -> None:
    boards = {"dfu-util": "arduino-portenta-h7", "picotool": "raspberry-pi-pico",
              "uf2": "raspberry-pi-pico"}  # fmt: skip
    board = BOARDS[boards.get(name, "nucleo-h743zi")]
    for probe in (None, Usb(vendor="0483", product="374b")):
        with pytest.raises(BenchError, match=r"'left' names no serial number.*bench enroll"):
            make_flasher(place(name, probe=probe), board)


def test_a_location_stands_in_for_a_serial_number_where_the_tool_can_use_it(
    stand_in: Path,
) -> None:
    at = Usb(vendor="0d28", product="0204", location="1-1.4")
    flasher = make_flasher(place("openocd", probe=at), F446)
    flasher.reset()
    assert "adapter usb location 1-1.4" in (stand_in / "arguments").read_text()
    with pytest.raises(BenchError, match="no serial number"):
        make_flasher(place("pyocd", probe=at), F446)


def test_two_devices_of_one_product_are_not_guessed_between(stand_in: Path) -> None:
    unnamed = SerialConsole(vendor="2341", product="0043")
    flasher = avrdude.AvrDude(unnamed, "arduino", "m328p", ports)
    with pytest.raises(BenchError, match="Two devices could be meant by 2341:0043"):
        flasher.flash(image(stand_in, "hex"))
    assert not (stand_in / "arguments").exists()


def test_a_board_is_written_over_its_own_port_and_not_over_its_consoles_adapter() -> None:
    own = Usb(vendor="2341", product="805a", serial="S4")
    adapter = SerialConsole(vendor="0403", product="6001", serial="FT1", interface=1)
    at = place("bossac", probe=own, console=adapter)
    assert own_port(at, "bossac").serial == "S4"
    assert own_port(place("avrdude", probe=None, console=adapter), "avrdude") == adapter
    same = Usb(vendor="0403", product="6001", serial="FT1")
    assert own_port(place("avrdude", probe=same, console=adapter), "avrdude").interface == 1
    with pytest.raises(BenchError, match="'left' has no serial port, over which avrdude writes"):
        own_port(place("avrdude", probe=None), "avrdude")


@pytest.mark.parametrize("serial", ["}; exec reboot; {", "a\\b"])
def test_a_serial_number_cannot_become_a_command(serial: str) -> None:
    probe = Usb(vendor="0483", product="374b", serial=serial)
    with pytest.raises(BenchError, match="is no probe's"):
        make_flasher(place("openocd", probe=probe), F446)


def test_each_tool_takes_a_board_or_says_why_not() -> None:
    for name in TOOLS:
        at = place(name, console=PORT)
        for board in BOARDS.values():
            try:
                flasher = make_flasher(at, board)
            except BenchError as error:
                assert "bench.toml" in str(error), (name, board.name)
                assert board.flasher != name, (name, board.name)
            else:
                assert flasher.name == name
                assert board.flasher != name or flasher.image == board.image
