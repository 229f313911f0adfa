"""bench.toml is read with messages that name the cure, and a person's file is never harmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware_runner.bench import HubPower, Meter, NetworkConsole, Place, SerialConsole, Usb
from hardware_runner.bench_file import (
    add_places,
    as_toml,
    default_path,
    find_place,
    parse_bench,
    read_bench,
)
from hardware_runner.errors import BenchError

HEAD = 'schema_version = 1\nname = "attic"\n'
LEFT = """
[[place]]
name = "left"
board = "netduinoplus2"
flasher = "openocd"
probe = {vendor = "0483", product = "374b", serial = "A1"}
"""
LINE = 'console = {kind = "tcp", address = "x:1"}\n'
FULL = Place(
    name="right",
    board="netduinoplus2",
    flasher="openocd",
    probe=Usb(vendor="0483", product="374b", serial='B"2'),
    console=SerialConsole(vendor="0483", product="374b", serial="B2", interface=2),
    power=HubPower(kind="uhubctl", location="1-1.4", port=2, proven="2026-11-21"),
    meter=Meter(kind="ppk2", serial="D7E91A"),
    tags=("erase", "slow"),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is no TOML"),
        ("schema_version = 1", "`name` is missing: add it"),
        (HEAD.replace("attic", "My Bench"), "`name` takes small letters, digits"),
        (HEAD + "nmae = 1", "`nmae` is no key that is known: .*did you mean `name`"),
        (HEAD + LEFT.replace("board =", "boards ="), "'left': `boards` is no key that is known"),
        (
            HEAD + LEFT.replace("netduinoplus2", "netduno"),
            "'left': `board`: .*Did you mean netduino",
        ),
        (HEAD + LEFT.replace('"openocd"', '"openocb"'), "no tool 'openocb'. Did you mean openocd"),
        (HEAD + LEFT.replace('"openocd"', '"qemu"').replace("netduinoplus2", "host"), "unguarded"),
        (HEAD + LEFT + LEFT.replace('"A1"', '"B2"'), "number 1 and number 2: both have the `name`"),
        (HEAD + LEFT + LEFT.replace("left", "right"), "'left' and 'right': both have the `probe`"),
        (HEAD + LEFT.replace(', serial = "A1"', ""), "no serial number, .* add `serial`, or `loc"),
        (HEAD + LEFT[: LEFT.index("probe")], "`probe` is missing, so that openocd could write"),
        (HEAD + LEFT.replace("0483", "483"), "'left': `probe.vendor` takes four hexadecimal"),
        (HEAD + LEFT + "tags = 3", "`tags` takes a list"),
        (
            HEAD + LEFT + 'console = {kind = "tcp", address = "x:1", baud = 1}',
            "greater than or equal",
        ),
        (
            HEAD + (LEFT + LINE) + (LEFT + LINE).replace("left", "right").replace("A1", "B2"),
            "'left' and 'right': both have the same `console`",
        ),
        (HEAD + LEFT + 'power = {kind = "uhub", location = "1", port = 1}', "`power.kind`"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_key_and_the_cure(text: str, said: str) -> None:
    with pytest.raises(BenchError, match=f"(?s)bench.toml.*{said}"):
        parse_bench(text)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BenchError) as caught:
        parse_bench(HEAD + LEFT.replace("netduinoplus2", "x") + LEFT.replace("openocd", "y"))
    assert len(str(caught.value).splitlines()) == 4  # names, board, tool, probes


def test_a_file_with_comments_keeps_every_byte_when_places_are_added(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    mine = "# my bench\n" + HEAD + "# the left one\n" + LEFT.strip() + "  # by the window\n"
    path.write_text(mine)
    path.chmod(0o640)
    bench = add_places(path, "ignored", [FULL])
    assert path.read_text().startswith(mine)
    assert path.stat().st_mode & 0o777 == 0o640
    assert read_bench(path) == bench
    assert (bench.name, bench.places[1]) == ("attic", FULL)
    assert list(tmp_path.iterdir()) == [path]


def test_what_would_not_be_right_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    add_places(path, "attic", [FULL])
    before = path.read_bytes()
    with pytest.raises(BenchError, match="both have the `name`"):
        add_places(path, "attic", [FULL])
    assert path.read_bytes() == before
    path.write_text("[[place")
    with pytest.raises(BenchError, match="is no TOML"):
        add_places(path, "attic", [FULL])
    assert path.read_text() == "[[place"


@pytest.mark.parametrize(
    "console",
    [
        None,
        NetworkConsole(kind="tcp", address="rig:4000"),
        NetworkConsole(kind="rfc2217", address="rig:4000", baud=9600),
    ],
)
def test_every_place_comes_back_from_its_table(console) -> None:
    place = FULL.model_copy(update={"console": console, "power": None, "tags": ()})
    assert parse_bench(HEAD + as_toml(place)).places == (place,)


def test_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOARDWRIGHT_BENCH", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert default_path() == tmp_path / "config" / "boardwright" / "bench.toml"
    with pytest.raises(BenchError, match=r"There is no .*enroll"):
        read_bench()
    Path("bench.toml").write_text(HEAD)
    assert read_bench().name == "attic"
    monkeypatch.setenv("BOARDWRIGHT_BENCH", str(tmp_path / "other.toml"))
    assert default_path() == tmp_path / "other.toml"


def test_a_user_without_a_home_is_told_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "BOARDWRIGHT_BENCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    with pytest.raises(BenchError, match="no home folder: name the file with --bench"):
        default_path()


def test_a_place_by_its_name() -> None:
    bench = parse_bench(HEAD + LEFT)
    assert find_place(bench, "left").board == "netduinoplus2"
    with pytest.raises(BenchError, match=r"no place 'lef'. Did you mean left"):
        find_place(bench, "lef")
