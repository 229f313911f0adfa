from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from model_compiler.errors import MalformedModel, UnsupportedModel
from model_compiler.flatbuffer import File, Table

IDENTIFIER = b"TEST"


def file(vtable: list[int], table: bytes, rest: bytes = b"") -> bytes:
    """Lay out root offset, identifier, vtable, table, and what the table points to."""
    slots = struct.pack(f"<{len(vtable) + 2}H", 4 + 2 * len(vtable), 4 + len(table), *vtable)
    slots += b"\0" * (-len(slots) % 4)
    head = struct.pack("<I4s", 8 + len(slots), IDENTIFIER)
    return head + slots + struct.pack("<i", len(slots)) + table + rest


def root(data: bytes) -> Table:
    return File(data).root(IDENTIFIER)


def test_scalars() -> None:
    table = root(file([4, 8, 9, 0], struct.pack("<ibbxxf", -7, -3, 1, 2.5)[:10] + b"\0\0"))
    assert table.integer(0) == -7
    assert table.integer(1, 1) == -3
    assert table.unsigned(1, 1) == 253
    assert table.boolean(2)
    assert table.integer(3, default=42) == 42  # left out
    assert table.integer(99, default=43) == 43  # behind the vtable


def test_vectors_and_text() -> None:
    rest = struct.pack("<I3i", 3, 1, -2, 3) + struct.pack("<I", 5) + "h\u00e4\u00df".encode()
    table = root(file([4, 8], struct.pack("<II", 8, 20), rest))
    assert table.integers(0) == (1, -2, 3)
    assert table.text(1) == "h\u00e4\u00df"


@pytest.mark.parametrize(
    ("vtable", "table", "rest"),
    [
        ([4], struct.pack("<I", 4), struct.pack("<I", 0xFFFFFFFF)),  # length
        ([4], struct.pack("<I", 0xFFFFFFF0), b""),  # offset
        ([8], struct.pack("<I", 4), b""),  # field behind its table
        ([2], struct.pack("<I", 4), b""),  # field on the table's own head
    ],
)
def test_a_vector_outside_is_refused(vtable: list[int], table: bytes, rest: bytes) -> None:
    with pytest.raises(MalformedModel):
        root(file(vtable, table, rest)).vector(0, 4)


def test_a_table_that_contains_itself_is_read_no_deeper_than_asked() -> None:
    # The vector's only entry leads 0 bytes forward: to the entry, read as a table.
    table = root(file([4], struct.pack("<I", 4), struct.pack("<II", 1, 0)))
    entries = table.tables(0, 1)
    with pytest.raises(MalformedModel):
        next(entries)


def many_entries(data: bytes) -> Iterator[tuple[int, ...]]:
    for entry in root(data).tables(0, 1_000_000):
        yield entry.integers(0)


def test_entries_that_share_one_long_vector_do_not_keep_the_reader_busy() -> None:
    count = 20_000
    prefix = len(file([4], struct.pack("<I", 4)))
    vector_at = prefix + 4
    shared_vtable = struct.pack("<3H2x", 6, 8, 4)
    shared_at = vector_at + 4 * count + len(shared_vtable)
    entries = b"".join(
        struct.pack("<I", shared_at - (vector_at + 4 * index)) for index in range(count)
    )
    shared = shared_vtable + struct.pack("<iII", len(shared_vtable), 4, count) + b"\0" * 4 * count
    data = file([4], struct.pack("<I", 4), struct.pack("<I", count) + entries + shared)
    vectors = many_entries(data)
    assert len(next(vectors)) == count
    with pytest.raises(MalformedModel, match="repeat each other"):
        for _ in vectors:
            pass


def test_a_vector_of_too_many_tables_is_refused_before_the_first() -> None:
    table = root(file([4], struct.pack("<I", 4), struct.pack("<I", 2**32 - 1)))
    with pytest.raises(UnsupportedModel, match="it has 4294967295 tensors, at most 4000"):
        next(table.tables(0, 4000, "tensors"))
