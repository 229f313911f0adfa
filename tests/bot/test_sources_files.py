"""Sources that are no table: arrays, folders of pictures, folders of sounds."""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bot.authors.facts import describe
from bot.authors.template_author import TemplateAuthor
from bot.errors import SourceError
from bot.evidence import Stage
from bot.goal import DataSource, Goal, Limits, RawType, Task
from bot.plan import make_plan
from bot.records import digest
from bot.sources import load
from bot.sources.loaded import Loaded, inputs
from bot.split import split

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def png(pixels: npt.NDArray[np.uint8], mode: str | None = None) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, "PNG")
    return buffer.getvalue()


def wav(samples: npt.NDArray[np.int16], rate: int = 8000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as clip:
        clip.setnchannels(channels)
        clip.setsampwidth(2)
        clip.setframerate(rate)
        clip.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def pictures(folder: Path, shape: tuple[int, ...] = (5, 4), each: int = 12) -> Path:
    random = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (folder / "set" / label).mkdir(parents=True)
        for i in range(each):
            (folder / "set" / label / f"{i}.png").write_bytes(
                png(random.integers(0, 256, shape, np.uint8))
            )
    return folder / "set"


def clips(folder: Path, lengths: tuple[int, ...] = (100,), each: int = 12) -> Path:
    random = np.random.default_rng(0)
    for label in ("no", "yes"):
        (folder / "set" / label).mkdir(parents=True)
        for i in range(each):
            samples = random.integers(-9000, 9000, lengths[i % len(lengths)]).astype(np.int16)
            (folder / "set" / label / f"{i:02}.wav").write_bytes(wav(samples))
    return folder / "set"


def windows(folder: Path, **arrays: npt.NDArray[Any]) -> Path:
    random = np.random.default_rng(0)
    x = random.normal(size=(24, 10, 3)).astype(np.float32)
    np.savez(folder / "set.npz", **{"x": x, "y": np.array(["a", "b"] * 12), **arrays})
    return folder / "set.npz"


def huge() -> bytes:
    """Return a small archive with an array that claims to be larger than any memory."""
    header = io.BytesIO()
    what = {"descr": "<f8", "fortran_order": False, "shape": (2**44, 64)}
    np.lib.format.write_array_header_1_0(header, what)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("x.npy", header.getvalue())
        packed.writestr("y.npy", header.getvalue())
    return archive.getvalue()


def read(folder: Path, uri: str) -> Loaded:
    return load(DataSource(uri=uri), folder)


def test_windows(tmp_path: Path) -> None:
    windows(tmp_path)
    loaded = read(tmp_path, "npz:set.npz")
    assert (loaded.task, loaded.raw.shape, loaded.raw.dtype) == (
        Task.MOTION,
        (10, 3),
        RawType.FLOAT32,
    )
    assert loaded.labels == ("a", "b")
    assert inputs(loaded.records).shape == (24, 30)


@pytest.mark.parametrize(
    ("x", "task", "dtype"),
    [
        (np.arange(24 * 12, dtype=np.int64).reshape(24, 12), Task.TABULAR_SENSOR, RawType.INT16),
        (np.arange(24 * 6).reshape(24, 6) + 0.5, Task.TABULAR_SENSOR, RawType.FLOAT32),
        (np.arange(24 * 9).reshape(24, 3, 3) % 251, Task.IMAGE_CLASSIFICATION, RawType.UINT8),
        (np.arange(24 * 9).reshape(24, 3, 3) - 300, Task.MOTION, RawType.INT16),
        (np.arange(24 * 27).reshape(24, 3, 3, 3) / 7, Task.IMAGE_CLASSIFICATION, RawType.FLOAT32),
    ],
)
def test_arrays_show_what_they_are(
    tmp_path: Path, x: npt.NDArray[Any], task: Task, dtype: RawType
) -> None:
    windows(tmp_path, x=x)
    loaded = read(tmp_path, "npz:set.npz")
    assert (loaded.task, loaded.raw.dtype, loaded.raw.shape) == (task, dtype, x.shape[1:])


@pytest.mark.parametrize(("shape", "expected"), [((5, 4), (5, 4)), ((5, 4, 3), (5, 4, 3))])
def test_pictures(tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    pictures(tmp_path, shape)
    loaded = read(tmp_path, "images:set")
    assert (loaded.raw.shape, loaded.raw.dtype) == (expected, RawType.UINT8)
    assert loaded.labels == ("cat", "dog")
    assert next(iter(loaded.records.files("train"))) == "train/cat/0.png"


def test_one_coloured_picture_makes_all_of_them_coloured(tmp_path: Path) -> None:
    folder = pictures(tmp_path)
    (folder / "dog" / "0.png").write_bytes(png(np.full((5, 4, 3), 7, np.uint8)))
    assert read(tmp_path, "images:set").raw.shape == (5, 4, 3)


def test_sounds(tmp_path: Path) -> None:
    clips(tmp_path)
    loaded = read(tmp_path, "wav:set")
    assert (loaded.task, loaded.raw.shape, loaded.raw.rate_hz) == (
        Task.KEYWORD_SPOTTING,
        (100,),
        8000,
    )


def test_sounds_of_several_lengths_are_cut_and_filled(tmp_path: Path) -> None:
    clips(tmp_path, (80, 120))
    loaded = read(tmp_path, "wav:set#100")
    values = loaded.records.values
    assert values.shape == (24, 100)
    assert not values[0, 80:].any()
    assert values[1].all()


def broken(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("uri", "prepare", "found", "cure"),
    [
        ("npz:none.npz", windows, "no file", "npz:set.npz"),
        ("npz:../x.npz", windows, "outside", "relative"),
        ("npz:set.npz", lambda f: broken(f, "set.npz", b"no"), "plain arrays", "savez"),
        ("npz:set.npz", lambda f: broken(f, "set.npz", huge()), "plain arrays", "savez"),
        ("npz:set.npz", lambda f: np.savez(f / "set.npz", x=np.zeros((3, 2))), "`y`", "savez"),
        ("npz:set.npz", lambda f: windows(f, y=np.arange(5)), "int64 [5]", "24 labels"),
        ("npz:set.npz", lambda f: windows(f, x=np.full((24, 2), np.nan)), "not finite", "Fill"),
        ("npz:set.npz", lambda f: windows(f, x=np.zeros(24)), "float64 [24]", "[samples, ...]"),
        (
            "npz:set.npz",
            lambda f: windows(f, x=np.array([{}] * 24, dtype=object)),
            "plain arrays",
            "savez",
        ),
        ("images:none", pictures, "no folder", "images:"),
        ("images:set", lambda f: (f / "set").mkdir(), "no folder with files", "set/<label>"),
        ("images:set", lambda f: broken(pictures(f), "cat/a.txt", b""), "none of .png", "Remove"),
        (
            "images:set",
            lambda f: broken(pictures(f), "cat/a.png", b"x" * 80),
            "cannot be read",
            "Replace",
        ),
        (
            "images:set",
            lambda f: broken(pictures(f), "cat/a.png", png(np.zeros((6, 6), np.uint8))),
            "2 sizes: 4 x 5 (24), 6 x 6 (1)",
            "mogrify -resize 4x5!",
        ),
        (
            "images:set",
            lambda f: (pictures(f) / "cat" / "l.png").symlink_to("/etc/passwd"),
            "no plain file",
            "Remove",
        ),
        ("wav:set", lambda f: clips(f, (80, 120)), "80 to 120 samples", "wav:set#120"),
        ("wav:set#many", clips, "no number", "wav:set#100"),
        ("wav:set", lambda f: broken(clips(f), "no/a.wav", b"RIFF"), "as WAV", "Replace"),
        (
            "wav:set",
            lambda f: broken(clips(f), "no/a.wav", wav(np.zeros(100, np.int16), channels=2)),
            "2 channel(s) of 16 bits",
            "mono",
        ),
        (
            "wav:set",
            lambda f: broken(clips(f), "no/a.wav", wav(np.zeros(100, np.int16), rate=16000)),
            "2 rates: 8,000 Hz (24), 16,000 Hz (1)",
            "-r 8000",
        ),
    ],
)
def test_what_is_refused(
    tmp_path: Path, uri: str, prepare: Callable[[Path], object], found: str, cure: str
) -> None:
    prepare(tmp_path)
    with pytest.raises(SourceError) as refused:
        read(tmp_path, uri)
    assert found in refused.value.problem
    assert cure in refused.value.cure


@pytest.mark.parametrize(
    ("uri", "prepare"),
    [
        ("npz:set.npz", windows),
        ("images:set", pictures),
        ("images:set", lambda f: pictures(f, (4, 4, 3))),
        ("wav:set#90", lambda f: clips(f, (80, 100))),
    ],
)
def test_the_template_reads_what_the_harness_reads(
    tmp_path: Path, uri: str, prepare: Callable[[Path], object]
) -> None:
    prepare(tmp_path)
    loaded = read(tmp_path, uri)
    task = Task.MOTION if loaded.task is Task.KEYWORD_SPOTTING else loaded.task
    goal = Goal(
        name="x",
        title="X",
        statement="x",
        task=task,
        data=DataSource(uri=loaded.records.uri),
        labels=loaded.labels,
        raw=loaded.raw
        if task is loaded.task
        else loaded.raw.model_copy(update={"shape": (loaded.raw.count, 1)}),
        boards=("host",),
        limits=Limits(),
    )
    train = split(loaded.records, loaded.labels, 1).train
    plan = make_plan(goal, train, 1)
    facts = describe(goal, plan, plan.sizes[0], train, {})
    text = TemplateAuthor(task).write(Stage.DATA, facts).files["data.py"]
    for path, content in train.files("train").items():
        (tmp_path / "made" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "made" / path).write_bytes(content)
    names: dict[str, Any] = {}
    exec(compile(text, "data.py", "exec"), names)  # noqa: S102
    x, y = names["load"](tmp_path / "made" / train.entry("train"))
    assert x.dtype == loaded.raw.dtype.value
    assert np.array_equal(x.reshape(len(x), -1), inputs(train))
    assert [loaded.labels[i] for i in y] == list(train.labels)
    assert len(digest(train)) == 64
