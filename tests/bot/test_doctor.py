from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot import doctor
from bot.commands.doctor import report
from bot.doctor import PROGRAMS, Finding, Need, System, examine
from bot.errors import INSTALL_PACKAGES, ToolMissing
from hardware_runner.boards import BOARDS

INSTALLED = {
    "git": "git version 2.39.5",
    "gcc": "12.2.0",
    "arm-none-eabi-gcc": "12.2.1",
    "qemu-system-arm": "QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright",
}


def tools(*missing: str) -> doctor.Ask:
    def ask(command: Sequence[str]) -> str:
        if command[0] in missing:
            return ""
        if "-print-file-name=crt1.o" in command:
            return "crt1.o" if "libc" in missing else "/usr/lib/crt1.o"
        if "-print-file-name=libc_nano.a" in command:
            return "libc_nano.a" if "newlib" in missing else "/usr/lib/libc_nano.a"
        return INSTALLED[command[0]]

    return ask


def found(*missing: str, system: System = System.APT) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(system, tools(*missing))}


def test_versions_are_shown() -> None:
    findings = found()
    assert findings["qemu-system-arm"].version == "7.2.22"
    assert findings["git"].version == "2.39.5"
    assert findings["Python"].version.startswith("3.")
    assert not any(findings[program.name].missing for program in PROGRAMS)


@pytest.mark.parametrize(
    ("missing", "name", "system", "command"),
    [
        ("git", "git", System.APT, "sudo apt-get install --no-install-recommends git"),
        (
            "gcc",
            "C compiler",
            System.APT,
            "sudo apt-get install --no-install-recommends gcc libc6-dev",
        ),
        ("qemu-system-arm", "qemu-system-arm", System.BREW, "brew install qemu"),
        (
            "arm-none-eabi-gcc",
            "arm-none-eabi-gcc",
            System.BREW,
            "brew install --cask gcc-arm-embedded",
        ),
        (
            "libc",
            "C library",
            System.APT,
            "sudo apt-get install --no-install-recommends libc6-dev",
        ),
        (
            "newlib",
            "newlib for Arm",
            System.APT,
            "sudo apt-get install --no-install-recommends libnewlib-arm-none-eabi",
        ),
        (
            "git",
            "git",
            System.OTHER,
            "install git (names of the Debian packages) with your system's package tool",
        ),
    ],
)
def test_what_is_missing_comes_with_a_command(
    monkeypatch: pytest.MonkeyPatch, missing: str, name: str, system: System, command: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    finding = found(missing, system=system)[name]
    assert finding.missing
    assert finding.remedy == command


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert found("git")["git"].remedy == "apt-get install --no-install-recommends git"


def test_a_run_on_the_host_needs_no_emulator() -> None:
    doctor.require([BOARDS["host"]], tools("qemu-system-arm", "arm-none-eabi-gcc"))


def test_a_run_is_refused_before_it_begins_with_all_that_is_missing() -> None:
    with pytest.raises(ToolMissing) as refusal:
        doctor.require([BOARDS["host"], BOARDS["mps2-an386"]], tools("qemu-system-arm", "git"))
    assert refusal.value.problem == "Missing on this machine: git, qemu-system-arm."
    assert refusal.value.remedy.count("apt-get install") == 2


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", nothing)
    findings = found()
    assert findings["TensorFlow"].remedy == INSTALL_PACKAGES
    assert findings["pytest-embedded"].remedy == INSTALL_PACKAGES


@pytest.mark.parametrize(
    ("finding", "code"),
    [
        (Finding("git", Need.RUN, "2.39"), 0),
        (Finding("git", Need.RUN, "", "get it"), 3),
        (Finding("qemu-system-arm", Need.BOARDS, "", "get it"), 3),
        (Finding("tflite-micro", Need.CHECK, "", "get it"), 0),
    ],
)
def test_the_exit_code_says_whether_a_run_would_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], finding: Finding, code: int
) -> None:
    monkeypatch.setattr("bot.doctor.examine", lambda: (finding,))
    assert report() == code
    assert ("get it" in capsys.readouterr().out) == finding.missing


def test_a_tool_that_fails_counts_as_missing() -> None:
    assert doctor.run_tool(["false"]) == ""
    assert doctor.run_tool(["no-such-tool-anywhere"]) == ""
    assert doctor.run_tool(["git", "--version"]).startswith("git version")
