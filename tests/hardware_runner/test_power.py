"""Power by hub: read back after each change, and trusted only where the board was seen to go."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from hardware_runner.bench import HubPower, Place
from hardware_runner.errors import BenchError, ToolFailed, ToolMissing
from hardware_runner.power import make_switch
from hardware_runner.power.uhubctl import HubPort, Proof, prove
from tests.hardware_runner.usb_sockets import UsbTree

# What uhubctl 2.5 prints, by its source: a USB 3 hub shows as two.
HUB = """#!/bin/sh
echo "$@" >> {0}/calls
case "$*" in
  *"-a off"*) {1} ;;
  *"-a on"*) {2} ;;
esac
echo "Current status for hub 1-1.4 [2109:2817 VIA Labs, Inc. USB2.0 Hub, USB 2.10, 4 ports, ppps]"
if [ -e {0}/is_off ]; then echo "  Port 2: 0000 off"; else echo "  Port 2: 0103 power enable connect [0483:374b STM32]"; fi
echo "Current status for hub 2-1.4 [2109:0817 VIA Labs, Inc. USB3.0 Hub, USB 3.20, 4 ports, ppps]"
if [ -e {0}/is_off ]; then echo "  Port 2: 0080 off"; else echo "  Port 2: 02a0 power 5gbps Rx.Detect"; fi
"""  # noqa: E501


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def now(self) -> float:
        return self.time


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    tree = UsbTree(tmp_path)
    tree.plug("1-1.4", "2109:2817", title="Hub")
    tree.plug("1-1.4.2", "0483:374b", "A1", "STLink")
    tree.plug("1-1.4.20", "0483:374b", "A2", "STLink")
    return tree


@pytest.fixture
def port() -> HubPort:
    return HubPort("1-1.4", 2)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, off: str, on: str) -> None:
    (folder / "bin").mkdir()
    program = folder / "bin" / "uhubctl"
    program.write_text(HUB.format(folder, off.format(folder), on.format(folder)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


def proof(port: HubPort, tree: UsbTree) -> Proof:
    clock = Clock()
    return prove(port, sys=tree.sys, sleep=clock.sleep, now=clock.now)


CUT = "touch {0}/is_off; mv {0}/sys/bus/usb/devices/1-1.4.2 {0}/gone"
BACK = "rm -f {0}/is_off; mv {0}/gone {0}/sys/bus/usb/devices/1-1.4.2"


def test_off_and_on_are_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: HubPort
) -> None:
    install(tmp_path, monkeypatch, "touch {0}/is_off", "rm -f {0}/is_off")
    port.off()
    assert not port.is_on()
    port.on()
    assert port.is_on()
    assert (tmp_path / "calls").read_text().splitlines() == [
        *("-l 1-1.4 -p 2 -a off", "-l 1-1.4 -p 2", "-l 1-1.4 -p 2"),
        *("-l 1-1.4 -p 2 -a on", "-l 1-1.4 -p 2", "-l 1-1.4 -p 2"),
    ]


def test_a_hub_that_does_not_obey_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: HubPort, tree: UsbTree
) -> None:
    install(tmp_path, monkeypatch, ":", ":")
    with pytest.raises(ToolFailed, match="was switched off and says that it is not"):
        port.off()
    shown = proof(port, tree)
    assert not shown.is_proven
    assert "the hub cannot switch it" in shown.reason
    assert (tmp_path / "calls").read_text().splitlines()[-2] == "-l 1-1.4 -p 2 -a on"


def test_a_board_that_goes_and_comes_back_is_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: HubPort, tree: UsbTree
) -> None:
    install(tmp_path, monkeypatch, CUT, BACK)
    assert proof(port, tree) == Proof(
        True, "0483:374b serial A1 at 1-1.4.2 (STLink) went and came back."
    )


def test_a_hub_that_says_off_while_the_board_stays_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: HubPort, tree: UsbTree
) -> None:
    install(tmp_path, monkeypatch, "touch {0}/is_off", "rm -f {0}/is_off")
    shown = proof(port, tree)
    assert not shown.is_proven
    assert shown.reason.startswith("The hub says off, and 0483:374b serial A1 at 1-1.4.2")
    assert port.is_on()


def test_a_board_that_stays_away_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: HubPort, tree: UsbTree
) -> None:
    install(tmp_path, monkeypatch, CUT, "rm -f {0}/is_off")
    shown = proof(port, tree)
    assert not shown.is_proven
    assert "did not come back within 30 s" in shown.reason


def test_nothing_plugged_in_is_no_proof(port: HubPort, tree: UsbTree) -> None:
    tree.unplug("1-1.4.2")
    assert proof(port, tree) == Proof(
        False, "Nothing is plugged in at 1-1.4.2: check hub and port."
    )


def test_a_port_of_a_root_hub_is_named_as_the_kernel_does() -> None:
    assert HubPort("1", 2).socket == "1-2"


@pytest.mark.parametrize(("said", "told"), [
    # uhubctl 2.5.0-1 without a hub; then its source.
    ("No compatible devices detected at location 1-1.4!\nRun with -h to get usage info.",
     "There is no hub at this location"),
    ("No compatible devices detected!\nThere were permission problems while accessing USB.",
     "This user may not switch the hub"),
])  # fmt: skip
def test_complaints_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: HubPort, said: str, told: str
) -> None:
    install(tmp_path, monkeypatch, f"echo '{said}'; exit 1", ":")
    with pytest.raises(ToolFailed, match=f"^{told}"):
        port.off()


def test_a_hub_that_says_nothing_of_the_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, ":", ":")
    with pytest.raises(ToolFailed, match="says nothing of port 3"):
        HubPort("1-1.4", 3).is_on()


def test_without_uhubctl_its_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: HubPort, tree: UsbTree
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="apt-get install --no-install-recommends uhubctl"):
        proof(port, tree)


def test_a_place_is_switched_by_what_bench_toml_says_and_trusted_where_it_is_proven() -> None:
    plain = Place(name="left", board="x", flasher="openocd")
    nothing = make_switch(plain)
    assert not nothing.is_trusted
    nothing.on()
    with pytest.raises(BenchError, match="Nothing switches the power of 'left'"):
        nothing.off()
    power = HubPower(kind="uhubctl", location="1-1.4", port=2)
    assert make_switch(plain.model_copy(update={"power": power})) == HubPort("1-1.4", 2)
    proven = power.model_copy(update={"proven": date(2026, 11, 21)})
    assert make_switch(plain.model_copy(update={"power": proven})).is_trusted
