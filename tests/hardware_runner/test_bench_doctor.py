"""The bench's doctor names each trouble with the command that mends it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hardware_runner.bench import HubPower, Place, SerialConsole, Usb
from hardware_runner.bench_doctor import Finding, Host, examine, udev_rules
from hardware_runner.condition import wedge
from hardware_runner.consoles.ports import SerialPort
from hardware_runner.errors import ToolMissing
from tests.hardware_runner.bench_bundle import bench_of
from tests.hardware_runner.usb_tree import plug, run_process

USB = Usb(vendor="0483", product="374b", serial="A1")
LEFT = Place(
    name="left",
    board="nucleo-f446re",
    flasher="openocd",
    probe=USB,
    console=SerialConsole(**USB.model_dump()),
)


class Tool:
    name = "openocd"

    def version(self) -> str:
        return "0.12.0"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Return a machine where all is well."""
    monkeypatch.setenv("BOARDWRIGHT_LOCKS", str(tmp_path))
    plug(tmp_path / "sys", "1-1", "0483", "374b", "A1")
    run_process(tmp_path / "proc", 7, "bash", "/dev/null")
    port = tmp_path / "ttyACM0"
    port.write_text("")
    rules = tmp_path / "60-boardwright.rules"
    rules.write_text(udev_rules(bench_of(LEFT)))
    return Host(
        sys=tmp_path / "sys",
        proc=tmp_path / "proc",
        rules=rules,
        ports=lambda: [SerialPort(str(port), "0483", "374b", "A1", "1-1", None)],
        flasher=lambda place: Tool(),
        uid=0,
        now_s=lambda: 1_800_000_000.0,
    )


def troubles(place: Place, folder: Path, host: Host) -> list[Finding]:
    return [f for f in examine(bench_of(place), folder, host) if f.is_trouble]


def test_a_bench_where_all_is_well(host: Host, tmp_path: Path) -> None:
    found = examine(bench_of(LEFT), tmp_path, host)
    assert [f.cure for f in found] == ["", "", "", ""]
    assert [f.what for f in found] == ["udev rules", "openocd", "probe", "console"]


def test_each_trouble_has_its_cure(host: Host, tmp_path: Path) -> None:
    def only(place: Place = LEFT, host: Host = host) -> Finding:
        (found,) = troubles(place, tmp_path, host)
        return found

    def missing(place: Place) -> Tool:
        raise ToolMissing("OpenOCD is not installed: apt-get install openocd")

    assert "apt-get install openocd" in only(host=replace(host, flasher=missing)).cure
    assert "set-ntp" in only(host=replace(host, now_s=lambda: 10.0)).cure
    assert "UART is wired" in only(LEFT.model_copy(update={"console": None})).cure
    gone = only(host=replace(host, rules=tmp_path / "none"))
    assert "bench doctor --rules | sudo tee" in gone.cure
    power = HubPower(kind="uhubctl", location="1-1", port=2)
    unproven = only(LEFT.model_copy(update={"power": power}))
    assert "was never proven" in unproven.said
    assert "--prove-power left" in unproven.cure
    assert "is not there" in only(host=replace(host, ports=lambda: [])).said
    wedge("left", tmp_path, "it fell silent")
    assert "bench release left" in only().cure


def test_a_probe_must_be_there_once(host: Host, tmp_path: Path) -> None:
    (host.sys / "bus/usb/devices/1-1/serial").write_text("Z9")
    (found,) = troubles(LEFT, tmp_path, host)
    assert "is not plugged in; on USB: 0483:374b serial Z9" in found.said
    (host.sys / "bus/usb/devices/1-1/serial").write_text("a1")
    plug(host.sys, "1-2", "0483", "374b", "A1")
    (found,) = troubles(LEFT, tmp_path, host)
    assert "could be" in found.said
    assert "`location`" in found.cure


def test_whoever_has_the_port_open_is_named(host: Host, tmp_path: Path) -> None:
    run_process(host.proc, 99, "picocom", str(tmp_path / "ttyACM0"))
    (found,) = troubles(LEFT, tmp_path, host)
    assert "ttyACM0 is in use by picocom (process 99)" in found.said


@pytest.mark.parametrize("program", ["ModemManager", "brltty"])
def test_programs_that_meddle_with_ports_are_named(
    host: Host, tmp_path: Path, program: str
) -> None:
    run_process(host.proc, 99, program)
    (found,) = troubles(LEFT, tmp_path, host)
    assert found.cure == f"sudo apt-get remove {program.lower()}"


def test_an_emulated_bench_needs_no_rights(host: Host, tmp_path: Path) -> None:
    place = Place(name="e", board="mps2-an386", flasher="qemu")
    bare = replace(host, rules=tmp_path / "none", sys=tmp_path / "none")
    assert troubles(place, tmp_path, bare) == []
