"""A bundle comes back as it was written, and a hostile one is refused in one line."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.stages import arrays
from hardware_runner.boards import find_board
from hardware_runner.bundle import (
    BUNDLE_FILE,
    Bundle,
    archive,
    read_bundle,
    unpack,
    write_bundle,
)
from hardware_runner.bundle.memory import check_elf, check_image
from hardware_runner.bundle.testset import read_testset
from hardware_runner.errors import BundleRefused
from tests.hardware_runner.bundled_project import COMMIT, SAMPLES, write_whole_project
from tests.hardware_runner.tools import needs_arm_gcc

pytestmark = needs_arm_gcc

M4, PICO = find_board("mps2-an386"), find_board("raspberry-pi-pico")
ELF, UF2 = f"{M4.name}/firmware.elf", f"{PICO.name}/firmware.uf2"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_whole_project(tmp_path_factory.mktemp("repository") / "tinyml" / "patches")


@pytest.fixture(scope="module")
def written(project: Path) -> Path:
    folder = project.parents[1] / "bundle"
    boards = (M4, PICO, find_board("esp32s3"))
    write_bundle(project, boards, COMMIT, folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "bundle"))


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / BUNDLE_FILE).read_text()))


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = manifest(folder)
    edit(content)
    (folder / BUNDLE_FILE).write_text(json.dumps(content))


def replace(folder: Path, path: str, content: bytes) -> None:
    """Put other bytes in a file, and let the manifest tell of them."""
    (folder / path).write_bytes(content)
    told = {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}

    def edit(content: dict[str, Any]) -> None:
        for place in (content, *content["firmware"]):
            for key, value in place.items():
                if isinstance(value, dict) and value.get("path") == path:
                    place[key] = told

    change(folder, edit)


def refused(folder: Path) -> str:
    with pytest.raises(BundleRefused) as caught:
        read_bundle(folder)
    assert "\n" not in str(caught.value) and str(caught.value).isprintable()
    return str(caught.value)


def test_what_was_written_is_read(project: Path, folder: Path) -> None:
    bundle = read_bundle(folder)
    assert (bundle.manifest.project, bundle.manifest.commit) == ("tinyml/patches", COMMIT)
    assert bundle.boards() == (M4.name, PICO.name)
    firmware = bundle.firmware(M4.name)
    assert firmware.board is M4 and firmware.build_id.encode() in firmware.elf.read_bytes()
    assert firmware.sha256 == hashlib.sha256(firmware.elf.read_bytes()).hexdigest()
    stored = arrays.load((project / "testset.npz").read_bytes())
    assert np.array_equal(bundle.samples(), stored["x"]) and len(stored["x"]) == SAMPLES
    assert np.array_equal(bundle.testset.y, stored["y"])
    assert bundle.image(M4.name).path == firmware.elf
    image = bundle.image(PICO.name)
    assert (image.kind, image.path.name) == ("uf2", "firmware.uf2")


def test_a_board_that_could_not_be_built_for_is_told_of(folder: Path) -> None:
    bundle = read_bundle(folder)
    with pytest.raises(BundleRefused, match="No firmware could be built for esp32s3: Firmware for"):
        bundle.firmware("esp32s3")
    with pytest.raises(BundleRefused, match="no firmware for netduinoplus2, but for mps2-an386"):
        bundle.firmware("netduinoplus2")


def test_the_same_project_gives_the_same_bundle(
    project: Path, folder: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    write_bundle(project, (PICO,), COMMIT, again)
    new, old = read_bundle(again).manifest, read_bundle(folder).manifest
    assert new.firmware == old.firmware[1:] and new.testset == old.testset
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_firmware_as_a_process_is_never_handed_over(project: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="no board to hand firmware to"):
        write_bundle(project, (find_board("host"),), COMMIT, tmp_path / "out")


def _odd_file(folder: Path) -> None:
    (folder / "run.sh").write_text("reboot")


def _link(folder: Path) -> None:
    (folder / ELF).unlink()
    (folder / ELF).symlink_to("/bin/true")


def _linked_folder(folder: Path) -> None:
    (folder / "more").symlink_to(folder / M4.name, target_is_directory=True)


def _pipe(folder: Path) -> None:
    (folder / ELF).unlink()
    os.mkfifo(folder / ELF)


def _deep(folder: Path) -> None:
    (folder / M4.name / "more").mkdir()


def _missing(folder: Path) -> None:
    (folder / ELF).unlink()


def _changed(folder: Path) -> None:
    (folder / ELF).write_bytes(b"x" * (folder / ELF).stat().st_size)


def _many(folder: Path) -> None:
    for index in range(100):
        (folder / f"f{index}.log").touch()


def _many_folders(folder: Path) -> None:
    for index in range(100):
        (folder / f"d{index}").mkdir()


def _no_manifest(folder: Path) -> None:
    (folder / BUNDLE_FILE).unlink()


def _huge_manifest(folder: Path) -> None:
    (folder / BUNDLE_FILE).write_bytes(b" " * 300_000)


def _nested_manifest(folder: Path) -> None:
    (folder / BUNDLE_FILE).write_bytes(b"[" * 200_000)


def _edit(key: str, value: object) -> Callable[[Path], None]:
    return lambda folder: change(folder, lambda content: content.update({key: value}))


def _edit_firmware(**values: object) -> Callable[[Path], None]:
    return lambda folder: change(folder, lambda content: content["firmware"][0].update(values))


def _escape(folder: Path) -> None:
    change(folder, lambda content: content["testset"].update(path="../testset.npz"))


def _twice(folder: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["firmware"].append(dict(content["firmware"][0]))

    change(folder, edit)


def _one_file_as_two(folder: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["firmware"][0]["image"] = content["firmware"][1]["elf"]
        content["firmware"][0]["image_kind"] = "bin"

    change(folder, edit)


def _less_flash(folder: Path) -> None:
    change(folder, lambda c: c["firmware"][0]["footprint"].update(flash_bytes=100))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_odd_file, "'run.sh' is not named in"),
        (_link, "is no regular file"),
        (_linked_folder, "'more' is no regular file"),
        (_pipe, "is no regular file"),
        (_deep, "more' is no regular file"),
        (_missing, "is not there"),
        (_changed, "is not the file of which"),
        (_many, "more than 66 files"),
        (_many_folders, "more than 66 f"),
        (_no_manifest, "`boardwright build` makes one"),
        (_huge_manifest, "more than 262,144 bytes"),
        (_nested_manifest, "recursion limit"),
        (_edit("schema_version", 2), "'schema_version'"),
        (_edit("commit", "main"), "'commit': \"String should match"),
        (_edit("project", "/etc\x1b[31m"), "'project'"),
        (_edit("hook", "reboot"), "'hook': 'Extra inputs"),
        (_edit("firmware", 5), "'firmware'"),
        (_edit("failed", {M4.name: "no"}), "names a board twice"),
        (_escape, "'testset.path'"),
        (_twice, "names a file twice"),
        (_one_file_as_two, "names a file twice"),
        (_edit_firmware(board="host"), "host is no board that firmware could be handed to"),
        (_edit_firmware(board="toaster"), "toaster is no board"),
        (_edit_firmware(board="netduinoplus2"), "netduinoplus2 reaches beyond the memory"),
        (_edit_firmware(build_id="0" * 16), "does not hold the build id"),
        (_edit_firmware(image_kind="bin"), "is no bin file"),
        (_less_flash, "said to take 100 bytes of flash"),
    ],
)
def test_what_is_odd_is_refused(folder: Path, spoil: Callable[[Path], None], words: str) -> None:
    spoil(folder)
    assert words in refused(folder)


def test_no_folder_is_no_bundle(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "none")


_SEGMENT = 52  # the first program header follows the ELF header


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [
        (0, 0x7F454C47, "is no ELF file"),
        (16, 0x00280001, "is not linked"),
        (16, 0x003E0002, "is not for a Cortex-M4F"),
        (24, 0x2000_0001, "does not begin in flash"),
        (28, 0x7FFF_FFFF, "is cut short"),
        (44, 0x0028_FFFF, "segments"),
        (_SEGMENT, 3, "asks for an interpreter"),
        (_SEGMENT + 4, 0x7FFF_0000, "is cut short"),
        (_SEGMENT + 8, 0x4000_0000, "reaches beyond"),
        (_SEGMENT + 12, 0x4000_0000, "reaches beyond"),
        (_SEGMENT + 20, 0xFFFF_FFFF, "reaches beyond"),
    ],
)
def test_an_elf_that_is_not_for_the_board_is_refused(
    folder: Path, offset: int, value: int, words: str
) -> None:
    content = bytearray((folder / ELF).read_bytes())
    content[offset : offset + 4] = struct.pack("<I", value)
    replace(folder, ELF, bytes(content))
    assert words in refused(folder)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_elf_confuses_who_reads_it(written: Path, data: st.DataObject) -> None:
    content = bytearray((written / ELF).read_bytes()[: data.draw(st.integers(0, 4000))])
    for _ in range(data.draw(st.integers(0, 8))):
        if content:
            content[data.draw(st.integers(0, min(len(content), 200) - 1))] = data.draw(
                st.integers(0, 255)
            )
    try:
        check_elf(M4, bytes(content), "0" * 16)
    except BundleRefused:
        return
    raise AssertionError("its build id is another one")


def test_a_uf2_writes_into_the_flash_alone(folder: Path) -> None:
    content = bytearray((folder / UF2).read_bytes())
    content[12:16] = struct.pack("<I", PICO.flash_origin + PICO.flash_bytes - 100)
    replace(folder, UF2, bytes(content))
    assert "image for raspberry-pi-pico reaches beyond" in refused(folder)
    content[0] ^= 1
    replace(folder, UF2, bytes(content))
    assert "is no UF2 file" in refused(folder)


def _record(address: int, kind: int, data: bytes) -> str:
    record = bytes([len(data), *address.to_bytes(2, "big"), kind, *data])
    return f":{(record + bytes([-sum(record) % 256])).hex()}\n".upper()


def test_a_hex_file_writes_into_the_flash_alone() -> None:
    board = dataclasses.replace(find_board("nucleo-f446re"), image="hex")
    inside = _record(0, 4, b"\x08\x00") + _record(0x10, 0, b"1234") + _record(0, 1, b"")
    check_image(board, "hex", inside.encode())
    outside = _record(0, 4, b"\x1f\xff") + _record(0xC000, 0, b"1234")
    for content, words in (
        (outside, "4 bytes at 0x1fffc000"),
        (_record(0, 2, b"\x1f\xff") + _record(0, 0, b"1234"), "0x0001fff0"),
        (inside[:-4], "damaged record"),
        (inside.replace(":", ";"), "damaged record"),
        (_record(0, 9, b""), "unknown record"),
    ):
        with pytest.raises(BundleRefused, match=words):
            check_image(board, "hex", content.encode())


def test_a_flat_file_is_no_larger_than_the_flash() -> None:
    board = find_board("arduino-nano33ble")
    check_image(board, "bin", bytes(1000))
    with pytest.raises(BundleRefused, match="reaches beyond"):
        check_image(board, "bin", bytes(board.flash_bytes + 1))


X, Y = np.zeros((4, 3), np.uint8), np.zeros(4, np.int64)


def _claiming(shape: str) -> bytes:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(12)


def _npz(**members: bytes) -> bytes:
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def _pickled() -> bytes:
    import io

    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{}, {}], dtype=object), y=Y)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK", "damaged"),
        (_pickled(), "x is of type"),
        (arrays.dump(x=X), "the arrays x and y, and nothing else"),
        (arrays.dump(x=X, y=Y, z=Y), "the arrays x and y, and nothing else"),
        (arrays.dump(x=X.astype(np.complex64), y=Y), "x is of type"),
        (arrays.dump(x=X.astype(">i2"), y=Y), "x is of type"),
        (arrays.dump(x=X, y=Y[:3]), "4 samples and labels of the shape"),
        (arrays.dump(x=X[:0], y=Y[:0]), "has the shape"),
        (arrays.dump(x=np.full((4, 3), np.nan, np.float32), y=Y), "that are no numbers"),
        (_npz(x=_claiming("(1000000, 1000000)"), y=b""), "which is too much"),
        (_npz(x=_claiming("(4, -3)"), y=b""), "has the shape"),
        (_npz(x=_claiming("(4, 2)"), y=b""), "not as long as its shape"),
        (_npz(x=_claiming("(4, 4)"), y=b""), "not as long as its shape"),
        (_npz(x=_claiming("(" * 300 + ")" * 300), y=b""), "cannot be read"),
        (_npz(x=b"\x93NUMPY\x03\x00" + bytes(10), y=b""), "cannot be read"),
    ],
)
def test_samples_that_are_no_plain_numbers_are_refused(content: bytes, words: str) -> None:
    with pytest.raises(BundleRefused, match=words):
        read_testset(content)


def test_samples_that_lie_column_by_column_are_fed_row_by_row() -> None:
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    read = read_testset(arrays.dump(x=np.asfortranarray(x), y=Y)).x
    assert np.array_equal(read, x) and read[1].tobytes() == x[1].tobytes()


def _zip(folder: Path, target: Path, *more: tuple[zipfile.ZipInfo | str, bytes]) -> str:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            opened.write(path, path.relative_to(folder).as_posix())
        for name, content in more:
            opened.writestr(name, content)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def test_a_zip_of_a_bundle_is_unpacked(folder: Path, tmp_path: Path) -> None:
    digest = _zip(folder, tmp_path / "b.zip", (f"{M4.name}/", b""))
    unpack(tmp_path / "b.zip", tmp_path / "new" / "bundle", digest)
    found = read_bundle(tmp_path / "new" / "bundle")
    assert isinstance(found, Bundle) and found.sha256 == read_bundle(folder).sha256


def test_another_zip_is_not_even_opened(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"no zip at all")
    with pytest.raises(BundleRefused, match="changed on its way"):
        unpack(tmp_path / "b.zip", tmp_path / "new", "0" * 64)
    assert not (tmp_path / "new").exists()


def _info(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "member",
    [
        "../evil.elf",
        "/etc/evil.elf",
        "a/b/c.elf",
        "a/b/",
        "a/",
        "a\\..\\b.elf",
        "con:.elf",
        ".hidden.elf",
        "testset.npz",
        _info("link.elf", stat.S_IFLNK),
        _info("pipe.elf", stat.S_IFIFO),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_other_members_is_refused(
    folder: Path, tmp_path: Path, member: zipfile.ZipInfo | str
) -> None:
    digest = _zip(folder, tmp_path / "b.zip", (member, b"x"))
    with pytest.raises(BundleRefused, match="does not belong into a bundle"):
        unpack(tmp_path / "b.zip", tmp_path / "new", digest)
    assert not (tmp_path / "new").exists()


def test_a_zip_that_unfolds_to_too_much_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FILE_BYTES_MAX", 100_000)
    digest = _zip(folder, tmp_path / "b.zip", ("a/bomb.bin", bytes(200_000)))
    with pytest.raises(BundleRefused, match="unfolds to more than is allowed"):
        unpack(tmp_path / "b.zip", tmp_path / "new", digest)


@pytest.mark.parametrize("cut", [10, 300])
def test_a_damaged_zip_is_refused(folder: Path, tmp_path: Path, cut: int) -> None:
    _zip(folder, tmp_path / "b.zip")
    content = (tmp_path / "b.zip").read_bytes()
    spoilt = content[:cut] if cut < 100 else content[:100] + bytes(cut) + content[100 + cut :]
    (tmp_path / "b.zip").write_bytes(spoilt)
    with pytest.raises(BundleRefused, match="damaged"):
        unpack(tmp_path / "b.zip", tmp_path / "new", hashlib.sha256(spoilt).hexdigest())
