"""An export is the same each time, arrives whole, and harms nothing that is not its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hardware_runner.boards import BOARDS, find_board
from hardware_runner.errors import ProjectError
from hardware_runner.export import (
    EXPORTERS,
    MANIFEST,
    export_files,
    export_project,
    write_export,
)
from hardware_runner.export.naming import safe_name, safe_title
from tests.hardware_runner.bundled_project import write_whole_project
from tests.hardware_runner.export.exported import job

OFFERED = [(board, kind) for board in BOARDS.values() for kind in board.exports]
IDS = [f"{board.name}-{kind}" for board, kind in OFFERED]
NANO = find_board("nano33ble")


@pytest.mark.parametrize(("board", "kind"), OFFERED, ids=IDS)
def test_every_export_that_a_board_offers_is_made_and_is_whole(board, kind) -> None:
    files = export_files(job(board, kind), kind)
    assert files == export_files(job(board, kind), kind)
    by_name = {name.rpartition("/")[2] for name in files}
    assert {"app.c", "features.c", "goal.h", "bw_model.c", "bw_shell.c", "README.md"} <= by_name
    for name, content in files.items():
        assert re.fullmatch(r"[\w./-]+", name)
        assert content.endswith(b"\n")
        for line in re.findall(rb'^\s*#\s*include "([^"]+)"', content, re.MULTILINE):
            if line not in (b"bw_profile.h", b"bw_text.h"):  # in #ifdef
                assert line.decode() in by_name, name
    readme = next(text.decode() for name, text in files.items() if name == "README.md")
    assert str(EXPORTERS[kind].seen(board)).capitalize() in readme
    assert "{{" not in readme
    assert "\n\n\n" not in readme


@pytest.mark.parametrize(("board", "kind"), OFFERED, ids=IDS)
def test_no_claim_goes_beyond_what_is_known_of_the_board(board, kind) -> None:
    if EXPORTERS[kind].seen(board) in ("hardware", "emulator"):
        assert board.verified == EXPORTERS[kind].seen(board)


def test_the_build_id_depends_on_what_is_exported() -> None:
    ids = {job(board, kind).build_id for board, kind in OFFERED}
    assert len(ids) == len(OFFERED)
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in ids)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = write_whole_project(tmp_path / "my project")
    (folder / "README.md").write_text("# the card\n")
    return folder


def test_a_folder_appears_whole_with_a_manifest_and_nothing_beside_it(
    project: Path, tmp_path: Path
) -> None:
    export_project(project, NANO, "arduino", tmp_path / "out")
    assert {p.name for p in tmp_path.iterdir()} == {"my project", "out"}
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    there = {
        p.relative_to(tmp_path / "out").as_posix()
        for p in (tmp_path / "out").rglob("*")
        if p.is_file()
    }
    assert there == {*manifest["files"], MANIFEST}
    assert (manifest["kind"], manifest["board"]) == ("arduino", "arduino-nano33ble")
    assert "[model card](../my%20project/README.md)" in (tmp_path / "out/README.md").read_text()
    assert (tmp_path / "out/my_project/my_project.ino").is_file()


def test_a_folder_with_files_is_refused_unless_that_is_meant(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_export({"a.c": b"1\n", "gone.c": b"1\n", "mine.c": b"1\n"}, {}, out, force=False)
    (out / "mine.c").write_text("changed\n")
    (out / "foreign.txt").write_text("keep\n")
    with pytest.raises(ProjectError, match="--force"):
        write_export({"a.c": b"2\n"}, {}, out, force=False)
    assert (out / "a.c").read_text() == "1\n"
    write_export({"a.c": b"2\n"}, {}, out, force=True)
    assert (out / "a.c").read_text() == "2\n"
    left = {p.name for p in out.iterdir()}
    assert left == {"a.c", "mine.c", "foreign.txt", MANIFEST}  # gone.c was ours, and as it was


def test_a_manifest_that_lies_deletes_nothing_outside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_export({"a.c": b"1\n"}, {}, out, force=False)
    (tmp_path / "victim").write_bytes(b"1\n")
    listed = json.loads((out / MANIFEST).read_text())["files"]
    lies = {"../victim": listed["a.c"], str(tmp_path / "victim"): listed["a.c"]}
    (out / MANIFEST).write_text(json.dumps({"files": lies}))
    write_export({"b.c": b"2\n"}, {}, out, force=True)
    assert (tmp_path / "victim").is_file()
    (out / MANIFEST).write_text("[")
    write_export({"b.c": b"3\n"}, {}, out, force=True)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ProjectError, match="is a file"):
        write_export({"a.c": b""}, {}, tmp_path / "out", force=True)


@pytest.mark.parametrize(
    ("board", "kind", "said"),
    [
        ("nano33ble", "esp-idf", "has no export 'esp-idf'. It has: cmake, arduino"),
        ("esp32s3", "cmake", "has no export 'cmake'. It has: esp-idf"),
        ("host", "cmake", "nothing to export for host"),
    ],
)
def test_a_board_without_that_export_says_which_it_has(
    board: str, kind: str, said: str, project: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProjectError, match=re.escape(said)):
        export_project(project, find_board(board), kind, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_project_is_told_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"holds no model\.tflite"):
        export_project(tmp_path, NANO, "arduino", tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Handwritten digits", "handwritten_digits"),
        ("2 wheels", "tinyml_2_wheels"),
        ("main", "tinyml_main"),
        ("größe-1", "groe_1"),
        ("音", "tinyml"),
        ("../..//x; rm", "x_rm"),
        ("a" * 99, "a" * 40),
    ],
)
def test_names_suit_every_tool(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_title_is_no_way_out_of_a_comment() -> None:
    assert safe_title("x */ int y;\n# `z` [a](b)") == "x int y z a b"
