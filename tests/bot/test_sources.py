from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.goal import DataSource, RawType, Task
from bot.sources import csv_text, load
from bot.sources.csv_text import parse_table
from bot.sources.loaded import Loaded, inputs


def rows(kinds: str = "ab", each: int = 10) -> list[str]:
    return [
        f"{kind},{i},{i * 2 + len(kinds) * j}" for j, kind in enumerate(kinds) for i in range(each)
    ]


def read(tmp_path: Path, text: str | bytes, label_column: str | None = None) -> Loaded:
    raw = text.encode() if isinstance(text, str) else text
    (tmp_path / "data.csv").write_bytes(raw)
    return load(DataSource(uri="csv:data.csv", label_column=label_column), tmp_path)


def table(header: str, lines: list[str], end: str = "\n") -> str:
    return end.join([header, *lines]) + end


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "task", "classes", "count"),
    [
        ("digits", (8, 8), RawType.UINT8, Task.IMAGE_CLASSIFICATION, 10, 1797),
        ("wine", (13,), RawType.FLOAT32, Task.TABULAR_SENSOR, 3, 178),
        ("iris", (4,), RawType.FLOAT32, Task.TABULAR_SENSOR, 3, 150),
        ("breast_cancer", (30,), RawType.FLOAT32, Task.TABULAR_SENSOR, 2, 569),
    ],
)
def test_bundled_data(
    tmp_path: Path,
    name: str,
    shape: tuple[int, ...],
    dtype: RawType,
    task: Task,
    classes: int,
    count: int,
) -> None:
    loaded = load(DataSource(uri=f"sklearn:{name}"), tmp_path)
    assert (loaded.raw.shape, loaded.raw.dtype, loaded.task) == (shape, dtype, task)
    assert (len(loaded.labels), len(loaded.records.frame)) == (classes, count)
    assert len(loaded.records.value_columns) == loaded.raw.count
    assert loaded.raw.names == (
        () if task is Task.IMAGE_CLASSIFICATION else loaded.records.value_columns
    )
    assert set(loaded.records.frame[loaded.records.label_column]) == set(loaded.labels)
    assert "CC BY 4.0" in loaded.records.licence


def test_digits_are_grey_levels_from_0_to_16(tmp_path: Path) -> None:
    loaded = load(DataSource(uri="sklearn:digits"), tmp_path)
    assert (inputs(loaded.records).min(), inputs(loaded.records).max()) == (0, 16)
    assert loaded.labels == tuple("0123456789")
    assert loaded.records.files("r")["r.csv"].startswith(b"pixel_0_0,pixel_0_1,")


def test_an_unknown_data_set(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Did you mean `sklearn:digits`"):
        load(DataSource(uri="sklearn:digit"), tmp_path)
    with pytest.raises(SourceError, match="its labels are in `digit`"):
        load(DataSource(uri="sklearn:digits", label_column="number"), tmp_path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_line_ends_bom_and_quotes(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = [row.replace(",", delimiter) for row in rows()]
    lines[0] = delimiter.join(['"a"', '"0"', '" 4 "'])
    header = delimiter.join(["kind", '"first"', "second"])
    loaded = read(tmp_path, b"\xef\xbb\xbf" + table(header, lines, end).encode())
    assert loaded.labels == ("a", "b")
    assert loaded.raw.names == ("first", "second")
    assert loaded.records.frame["second"].iloc[0] == 4


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (("0", "255"), RawType.UINT8),
        (("0", "256"), RawType.INT16),
        (("-1", "7.0"), RawType.INT16),
        (("-32768", "32767"), RawType.INT16),
        (("0", "32768"), RawType.FLOAT32),
        (("0.5", "1"), RawType.FLOAT32),
        (("1e3", "-.5"), RawType.FLOAT32),
    ],
)
def test_the_type_is_decided_by_all_records(
    tmp_path: Path, values: tuple[str, str], dtype: RawType
) -> None:
    lines = [*rows("ab", 10), f"a,{values[0]},{values[1]}"]
    loaded = read(tmp_path, table("kind,x,y", lines))
    assert loaded.raw.dtype is dtype
    whole = loaded.records.frame["x"].dtype.kind == "i"
    assert whole == (dtype is not RawType.FLOAT32)


@pytest.mark.parametrize(
    ("header", "lines", "wanted", "column"),
    [
        ("kind,x,y", rows(), None, "kind"),
        ("x,label,y", [f"{i},{i % 2},{i}" for i in range(40)], None, "label"),
        ("x,Species,y", [f"{i},{i % 2},{i}" for i in range(40)], None, "Species"),
        ("KIND,x,y", rows(), "kind", "KIND"),
        ("x,y,z", [f"{i % 2},{i},{i}" for i in range(40)], "x", "x"),
        ("who,label,x", [f"n{i % 3},{'ab'[i % 2]},{i}" for i in range(40)], None, None),
    ],
)
def test_the_label_column(
    tmp_path: Path, header: str, lines: list[str], wanted: str | None, column: str | None
) -> None:
    text = table(header, lines)
    if column is None:  # `label` is found, and `who` is text where numbers must stand
        with pytest.raises(
            SourceError, match=r"line 2, .*|lines 2, 3, 4.*column `who`: `n0` is not a number"
        ):
            read(tmp_path, text, wanted)
    else:
        assert read(tmp_path, text, wanted).records.label_column == column


def broken(number: int, line: str) -> list[str]:
    """Return good rows of which one is replaced; `number` is its line in the file."""
    lines = rows()
    lines[number - 2] = line
    return lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "`data.csv` is empty"),
        ("  \n\n", "`data.csv` is empty"),
        ('""', "`data.csv` is empty"),
        (",\n", "`data.csv` is empty"),
        ("kind,x,y\n", "a header and no records"),
        ("kind\na\nb\n", "the header has one column, `kind`"),
        (table("kind,x,", rows()), "line 1: column 3 has no name"),
        (table("kind,x,x", rows()), "columns 2 and 3 are both named `x`"),
        (table("kind,x,\x07", rows()), "names are printable"),
        (
            table("kind,x,y", broken(5, "a,1")),
            r"line 5: 2 cells where the header has 3 columns \(separated by comma\)",
        ),
        (table("kind,x,y", broken(7, "a,1,2,3")), "line 7: 4 cells"),
        (table("kind,x,y", broken(4, "a,abc,2")), "line 4, column `x`: `abc` is not a number"),
        (table("kind,x,y", broken(4, "a,1_0,2")), "`1_0` is not a number"),
        (
            table("kind;x;y", [r.replace(",", ";") for r in broken(4, "a;0@5;2")]).replace(
                "@", ","
            ),
            "decimal point",
        ),
        (table("kind,x,y", broken(9, "a,1,")), "line 9, column `y`: no value. Fill"),
        (table("kind,x,y", broken(9, "a,1,NaN")), "`NaN`, not a number. Fill"),
        (table("kind,x,y", broken(9, "a,-inf,1")), "`-inf`, infinite"),
        (
            table("kind,x,y", broken(9, "a,1e39,1")),
            "line 9, column `x`: `1e39` is too large for float32",
        ),
        (table("kind,x,y", broken(3, " ,1,1")), "line 3, column `kind`: no label"),
        (table("kind,x,y", rows("a", 30)), "one class only: `a`"),
        (
            table("kind,x,y", [*rows("ab"), *["c,1,1"] * 12]),
            r"`c` 1 \(in 12 records\).*at least 10",
        ),
        (
            table("label,x,y", [f"{i},{i},{i}" for i in range(65)]),
            "65 different values .*at most 64",
        ),
        (
            table("kind,x,y", [*rows(), *[f"{'long' * 11},{i},1" for i in range(10)]]),
            "at most 40 characters",
        ),
        (
            table("who,what,x", [f"n{i},m{i},1" for i in range(30)]),
            "is not plain: text stands in `who`, `what`",
        ),
        (table("x,y,z", [f"{i},{i},{i}" for i in range(30)]), "all columns are numbers"),
        (table("kind,x,y", broken(6, 'a,"1,2')), "line 6: unexpected end of data.*quotes"),
        (table("kind,x,y", broken(6, 'a,"1"x,2')), "line 6: .*quotes"),
        (b"kind,x\nGr\xf6n,1\n", "line 2: byte 0xf6 is not UTF-8"),
        ("kind,x\na,1\n".encode("utf-16"), "is not UTF-8"),
        (b"kind,x\na,\x001\n", "line 2: a zero byte"),
    ],
)
def test_each_fault_is_named_with_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        read(tmp_path, text)
    assert caught.value.cure.endswith(".")


def test_many_faults_of_a_kind_are_summed_up(tmp_path: Path) -> None:
    lines = rows()
    lines[2:8] = [line.rsplit(",", 1)[0] + ",?" for line in lines[2:8]]
    with pytest.raises(SourceError, match=r"lines 4, 5, 6 and 3 more, column `y`: `\?`"):
        read(tmp_path, table("kind,x,y", lines))


def test_lines_are_counted_over_blank_ones_and_quoted_line_ends(tmp_path: Path) -> None:
    lines = ["", 'a,"1",1', "", 'b,"\n2\n",2', "b,oops,1", *rows()]
    with pytest.raises(SourceError, match="line 8, column `x`: `oops`"):
        read(tmp_path, table("kind,x,y", lines))


def test_an_unknown_label_column(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no column `fruit`; it has `kind`, `x`, `y`") as caught:
        read(tmp_path, table("kind,x,y", rows()), "fruit")
    assert caught.value.field == "Label column"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside.csv",
        "a/../../outside.csv",
        "..\\outside.csv",
        "C:\\x.csv",
        "\\x.csv",
        "link.csv",
        "linked/outside.csv",
    ],
)
def test_paths_do_not_leave_the_folder(tmp_path: Path, name: str) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (tmp_path / "outside.csv").write_text(table("kind,x,y", rows()))
    (base / "link.csv").symlink_to(tmp_path / "outside.csv")
    (base / "linked").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(SourceError, match="outside the folder of the request"):
        load(DataSource(uri=f"csv:{name}"), base)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "fruit.csv").write_text("x")
    with pytest.raises(SourceError, match=r"no file `friut\.csv`\. There is `csv:fruit.csv`"):
        load(DataSource(uri="csv:friut.csv"), tmp_path)
    with pytest.raises(SourceError, match="`folder` is a folder"):
        load(DataSource(uri="csv:folder"), tmp_path)
    with pytest.raises(SourceError, match="names no file"):
        load(DataSource(uri="csv: "), tmp_path)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "FILE_MAX_BYTES", 1024)
    with pytest.raises(SourceError, match="at most 0 MB are read"):
        read(tmp_path, table("kind,x,y", rows("ab", 200)))


def test_a_backtick_in_the_data_stays_quoted(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"``` `` @all ```"):
        read(tmp_path, table("kind,x,y", broken(4, "a,`` @all,2")))


CELLS = st.sampled_from(
    ["a", "b", "1", "2.5", "", "nan", '"', '"q"', "é", "1e400", "-0", "x,y", ";"]
)
LINES = st.lists(st.lists(CELLS | st.text(max_size=6), max_size=4).map(",".join), max_size=30)


@given(LINES | st.lists(st.text(max_size=20), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_loaded_or_refused(tmp_path: Path, lines: list[str]) -> None:
    try:
        loaded = read(tmp_path, "\n".join(lines).encode("utf-8", "surrogatepass"))
    except SourceError:
        return
    assert np.isfinite(inputs(loaded.records)).all()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(raw: bytes) -> None:
    try:
        found = parse_table(raw, "x.csv")
    except SourceError:
        return
    assert all(len(row) == len(found.header) for row in found.rows)
