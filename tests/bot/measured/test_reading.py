"""Artifacts that lie, swell, point elsewhere or are broken: each is refused with one safe line."""

from __future__ import annotations

import copy
import io
import json
import stat
import string
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.measured import reading
from bot.measured.reading import ArtifactRefused, Expected, read_artifact, read_results
from hardware_runner.bench_run import measure_bundle
from hardware_runner.boards import find_board
from hardware_runner.bundle.manifest import WHY_MAX
from hardware_runner.results import RESULTS_FILE, Results
from tests.bot.measured.benches import COMMIT, PROJECT, artifact, plain, report, zipped
from tests.hardware_runner.bench_bundle import bench_of, pretended

SAFE = set(string.ascii_letters + string.digits + " .,:_-/()%'\"")


def refused(content: bytes, expected: Expected | None = None) -> str:
    with pytest.raises(ArtifactRefused) as caught:
        read_artifact(content, expected)
    line = caught.value.line
    assert set(line) <= SAFE and len(line) < 200 and line.endswith("."), line
    return line


def spoiled(path: str, value: object) -> dict[str, Any]:
    """Return good results but for one place, such as "boards.0.report.samples"."""
    whole = copy.deepcopy(plain())
    inner: Any = whole
    *parts, last = path.split(".")
    for part in parts:
        inner = inner[int(part)] if part.isdigit() else inner[part]
    inner[int(last) if last.isdigit() else last] = value
    return whole


def test_what_a_bench_leaves_is_read() -> None:
    logs = {"nucleo-f446re/console.log": b"\x1b[31mboot\n", "bench.txt": b""}
    results = read_artifact(zipped(plain(), also=logs), Expected(COMMIT, PROJECT))
    assert results == Results.model_validate_json(json.dumps(plain()))
    assert len(results.boards[0].report.scores) == 90


def test_a_bench_that_lacks_a_board_is_believed(tmp_path: Path) -> None:
    bundle = pretended([find_board("f405")], tmp_path, {"mps2-an500": "x" * WHY_MAX})
    results = measure_bundle(bench_of(), bundle, ["f405", "an500"], lock_dir=tmp_path / "locks")
    assert [measured.place for measured in results.boards] == ["", ""]
    named = results.model_copy(update={"project": PROJECT})
    assert read_results(named.model_dump_json().encode()) == named


REPORT = "boards.0.report"


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("schema_version", 2, "version"),
        ("schema_version", "1", "version"),
        ("accuracy", 2.0, "extra_forbidden"),
        (f"{REPORT}.accuracy", 1.0, "extra_forbidden"),
        (f"{REPORT}.\x1b[2J<script>", 1, "extra_forbidden"),
        ("bench", "attic](http://evil)", "bench has a name"),
        ("bench", "\x1b[31mattic", "bench has a name"),
        ("bench", "a" * 41, "bench"),
        ("project", "tinyml/../../etc", "project"),
        ("project", "tinyml/@octo", "project"),
        ("project", "/tinyml/a", "project"),
        ("commit", "HEAD", "commit"),
        ("bundle_sha256", "x", "bundle_sha256"),
        ("started", "2026-11-21T12:00:00", "time zone"),
        ("started", "yesterday", "started"),
        ("boards", [], "No board"),
        ("boards", plain()["boards"] * 2, "twice"),
        ("boards", plain()["boards"] * 65, "boards"),
        ("boards.0.place", "a|b", "place"),
        ("boards.0.seconds", -1, "seconds"),
        ("boards.0.seconds", "12", "seconds"),
        ("boards.0.recoveries", ["x" * 5_000], "text of more than"),
        ("boards.0.recoveries", ["reset"] * 21, "recoveries"),
        (f"{REPORT}.board", "**pico**", "board has a name"),
        (f"{REPORT}.board", "pico\n| ✅ |", "board has a name"),
        (f"{REPORT}.board", "", "board has a name"),
        (f"{REPORT}.verified", "certified", "verified"),
        (f"{REPORT}.outcome", "excellent", "outcome"),
        (f"{REPORT}.reason", "x" * 5_000, "text of more than"),
        (f"{REPORT}.firmware_sha256", "<!-- boardwright:key=x -->", "SHA-256"),
        (f"{REPORT}.samples", 89, "not one row"),
        (f"{REPORT}.samples", -1, "negative"),
        (f"{REPORT}.samples", 10**30, "too large"),
        (f"{REPORT}.samples", 90.5, "samples"),
        (f"{REPORT}.samples_per_second", -0.1, "negative"),
        (f"{REPORT}.scores", [], "not one row"),
        (f"{REPORT}.scores", [[1, 2, 3]] * 89 + [[1, 2]], "differ in length"),
        (f"{REPORT}.scores", [[]] * 90, "differ in length"),
        (f"{REPORT}.scores.7.0", 128, "int8"),
        (f"{REPORT}.scores.7.0", -129, "int8"),
        (f"{REPORT}.scores.7.0", 0.5, "scores"),
        (f"{REPORT}.scores.7.0", True, "scores"),
        (f"{REPORT}.decisions", [3] * 90, "class that there is not"),
        (f"{REPORT}.decisions", [-2] * 90, "class that there is not"),
        (f"{REPORT}.decisions", [0] * 91, "number of decisions"),
        (f"{REPORT}.cost.unit", "ms", "unit"),
        (f"{REPORT}.cost.model_median", -5, "negative"),
        (f"{REPORT}.cost.model_median", 1e9, "better than the median"),
        (f"{REPORT}.cost.features_p99", 0.0, "better than the median"),
        (f"{REPORT}.cost.method", "x" * 5_000, "text of more than"),
        (f"{REPORT}.footprint.flash_bytes", -1, "negative"),
        (f"{REPORT}.footprint.flash_bytes", 2**60, "too large"),
        (f"{REPORT}.tools", {"[gcc](http://evil)": "1"}, "tools"),
        (f"{REPORT}.tools", {f"tool{n}": "1" for n in range(41)}, "tools"),
        (f"{REPORT}.tools", {"gcc": "x" * 5_000}, "text of more than"),
        (f"{REPORT}.profile", {"operators": [1] * 3_000, "total": 1}, "profiles"),
        (f"{REPORT}.profile", {"operators": [-1], "total": 1}, "negative"),
    ],
)
def test_a_report_that_lies_is_refused(path: str, value: object, named: str) -> None:
    assert named in refused(zipped(spoiled(path, value)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400])
@pytest.mark.parametrize("place", ["model_max", "samples_per_second", "seconds"])
def test_numbers_that_are_none_are_refused(number: str, place: str) -> None:
    said = json.dumps(plain())
    before, _, after = said.partition(f'"{place}": ')
    digits = len(after) - len(after.lstrip("0123456789."))
    refused(zipped(f'{before}"{place}": {number}{after[digits:]}'))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 1_000_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"9" * 100_000,
        b'"' + b"\\ud800" * 10 + b'"',
        b"PK\x03\x04" * 100,
    ],
)
def test_what_is_no_json_of_results_is_refused(text: bytes) -> None:
    refused(zipped(text))


def test_a_million_rows_are_refused_before_they_are_read() -> None:
    rows = b"[" + b"[1,2,3]," * 1_000_000 + b"[1,2,3]]"
    whole = json.dumps(plain()).encode()
    before, _, after = whole.partition(b'"scores": ')
    text = before + b'"scores": ' + rows + b"," + after.partition(b"]], ")[2]
    assert len(text) < reading.ARTIFACT_MAX_BYTES
    tracemalloc.start()
    with pytest.raises(ArtifactRefused, match="more rows than any test set"):
        read_results(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_results_of_something_else_are_refused() -> None:
    content = artifact()
    assert "not bbbbbbbbbb" in refused(content, Expected(commit="b" * 40))
    assert "not tinyml/other" in refused(content, Expected(project="tinyml/other"))


def entry(name: str, mode: int = stat.S_IFREG | 0o644, **fields: Any) -> bytes:
    """Return an artifact with one entry more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(RESULTS_FILE, json.dumps(plain()))
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        info.compress_type = fields.pop("compress_type", zipfile.ZIP_STORED)
        archive.writestr(info, fields.pop("content", b"x"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        entry("../../home/runner/.bashrc"),
        entry("/etc/cron.d/x.txt"),
        entry("C:\\windows\\x.txt"),
        entry("a\\..\\b.txt"),
        entry("logs/"),
        entry("a/b/c.txt"),
        entry("\x1b[2J.txt"),
        entry("nested.zip", content=zipped(plain())),
        entry("run.sh"),
        entry("link.txt", stat.S_IFLNK | 0o777, content=b"/etc/passwd"),
        entry("pipe.txt", stat.S_IFIFO | 0o644),
        entry("slow.txt", compress_type=zipfile.ZIP_BZIP2),
        entry("slow.txt", compress_type=zipfile.ZIP_LZMA),
        zipped(plain(), name="results.json"),
        zipped(plain(), name=f"inner/{RESULTS_FILE}"),
        b"",
        b"PK\x05\x06",
        b"PK\x05\x06" + bytes(18),
        artifact()[:-30],
        artifact()[30:],
        artifact().replace(b"boardwright-results", b"boardwright-desults", 1),
        b"#!/bin/sh\n" + b"x" * 1_000,
    ],
)
def test_a_zip_file_that_is_none_of_ours_is_refused(content: bytes) -> None:
    refused(content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused() -> None:
    assert "two files" in refused(zipped(plain(), also={RESULTS_FILE: b"{}"}))


def test_an_encrypted_file_is_refused() -> None:
    content = bytearray(artifact())
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    assert "encrypted" in refused(bytes(content))


def test_too_many_files_are_refused_before_they_are_listed() -> None:
    many = {f"a{n}.txt": b"" for n in range(200)}
    assert "more than 80 files" in refused(zipped(plain(), also=many))


def test_bombs_are_refused_by_what_they_say_and_by_what_they_do() -> None:
    assert "larger than" in refused(zipped(b" " * (17 << 20)))
    logs = {f"a{n}.log": b"\0" * (15 << 20) for n in range(5)}
    assert "bomb" in refused(zipped(plain(), also=logs))
    lying = bytearray(zipped(b" " * (40 << 20)))  # says that it is small
    directory = lying.index(b"PK\x01\x02")
    struct.pack_into("<I", lying, directory + 24, 100)
    struct.pack_into("<I", lying, 22, 100)
    tracemalloc.start()
    refused(bytes(lying))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert "larger than 16 MB" in refused(b"P" * (17 << 20))


def test_results_may_be_read_without_a_zip_file() -> None:
    assert read_results(json.dumps(plain()).encode()).bench == "attic"
    with pytest.raises(ArtifactRefused):
        read_results(b"x" * (reading.ARTIFACT_MAX_BYTES + 1))


_SMALL = artifact(report(answers=(0, 1, 2)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 10_000), st.integers(0, 400))
@example(b"\x00", 0, 0)
def test_whatever_is_broken_nothing_but_a_refusal_comes_back(
    noise: bytes, at: int, cut: int
) -> None:
    whole = _SMALL
    at %= len(whole)
    for content in (noise, whole[:cut], whole[:at] + noise + whole[at:]):
        try:
            assert isinstance(read_artifact(content), Results)
        except ArtifactRefused as refusal:
            assert set(refusal.line) <= SAFE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
PLACES = (
    *("bench", "project", "commit", "boards", "boards.0", "boards.0.place", REPORT),
    *(f"{REPORT}.{name}" for name in plain()["boards"][0]["report"]),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_any_value_anywhere_is_read_or_refused(path: str, value: object) -> None:
    text = json.dumps(spoiled(path, value)).encode("utf-8", "surrogatepass")
    try:
        results = read_results(text)
    except ArtifactRefused as refusal:
        assert set(refusal.line) <= SAFE
    else:
        assert all(len(board.report.scores) <= 100_000 for board in results.boards)
