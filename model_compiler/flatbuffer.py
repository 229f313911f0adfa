"""Read flatbuffer tables from hostile bytes: no offset is followed unchecked.

Offsets lead forward only, vtables anywhere within the file. What is read is charged to a budget in
proportion to the file's size, so that tables which share each other's vectors cannot keep the
reader busy without end.

Source: https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from model_compiler.errors import MalformedModel, UnsupportedModel

_READS_PER_BYTE = 8
_LEAST_BUDGET_BYTES = 65536


@dataclass(slots=True)
class File:
    """The bytes, and how many more of them may be read."""

    data: bytes
    budget_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.budget_bytes = _READS_PER_BYTE * len(self.data) + _LEAST_BUDGET_BYTES

    def slice(self, start: int, length: int) -> memoryview:
        """Return `length` bytes from `start`, or raise MalformedModel if they are not all there."""
        if start < 0 or length < 0 or start + length > len(self.data):
            raise MalformedModel(
                f"bytes {start} to {start + length} lie outside the file of {len(self.data)}. "
                "It is damaged or cut short: export it again."
            )
        self.budget_bytes -= length
        if self.budget_bytes < 0:
            raise MalformedModel(
                "the file's tables repeat each other without end. It is damaged: export it again."
            )
        return memoryview(self.data)[start : start + length]

    def unsigned(self, start: int, width: int) -> int:
        """Return a little-endian unsigned integer of `width` bytes."""
        return int.from_bytes(self.slice(start, width), "little")

    def root(self, identifier: bytes) -> Table:
        """Return the root table of a file that carries the four-byte identifier."""
        if len(self.data) < 8 or self.data[4:8] != identifier:
            raise MalformedModel(
                f"this is not a TensorFlow Lite model: bytes 4 to 8 are not {identifier.decode()}."
            )
        return Table(self, self.unsigned(0, 4))


@dataclass(frozen=True, slots=True)
class Table:
    """One table; fields are named by their ids in the schema."""

    file: File
    start: int
    _slots: memoryview = field(init=False, repr=False)
    _size: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        back = int.from_bytes(self.file.slice(self.start, 4), "little", signed=True)
        vtable = self.start - back
        vtable_size = self.file.unsigned(vtable, 2)
        size = self.file.unsigned(vtable + 2, 2)
        if vtable_size < 4 or vtable_size % 2 or size < 4:
            raise MalformedModel(f"the table at byte {self.start} has no sound vtable.")
        object.__setattr__(self, "_slots", self.file.slice(vtable, vtable_size)[4:])
        object.__setattr__(self, "_size", size)

    def _place(self, field_id: int, width: int) -> int | None:
        """Return where a field of `width` bytes stands, or None where it is left out."""
        slot = self._slots[2 * field_id : 2 * field_id + 2]
        offset = int.from_bytes(slot, "little")
        if offset == 0:
            return None
        if offset < 4 or offset + width > self._size:
            raise MalformedModel(f"field {field_id} at byte {self.start} leaves its table.")
        return self.start + offset

    def integer(self, field_id: int, width: int = 4, default: int = 0) -> int:
        """Return a signed integer field of `width` bytes."""
        place = self._place(field_id, width)
        if place is None:
            return default
        return int.from_bytes(self.file.slice(place, width), "little", signed=True)

    def unsigned(self, field_id: int, width: int = 4, default: int = 0) -> int:
        """Return an unsigned integer field of `width` bytes."""
        place = self._place(field_id, width)
        return default if place is None else self.file.unsigned(place, width)

    def boolean(self, field_id: int, default: bool = False) -> bool:
        """Return a bool field."""
        return self.unsigned(field_id, 1, int(default)) != 0

    def real(self, field_id: int, default: float = 0.0) -> float:
        """Return a float32 field."""
        place = self._place(field_id, 4)
        if place is None:
            return default
        (value,) = struct.unpack("<f", self.file.slice(place, 4))
        return float(value)

    def table(self, field_id: int) -> Table | None:
        """Return the table that a field points to, or None where it is left out."""
        place = self._place(field_id, 4)
        return None if place is None else Table(self.file, place + self.file.unsigned(place, 4))

    def vector(self, field_id: int, width: int) -> memoryview | None:
        """Return a vector's elements, `width` bytes each, or None where the field is left out."""
        place = self._place(field_id, 4)
        if place is None:
            return None
        start = place + self.file.unsigned(place, 4)
        return self.file.slice(start + 4, self.file.unsigned(start, 4) * width)

    def integers(self, field_id: int, width: int = 4) -> tuple[int, ...]:
        """Return a vector of signed integers; empty where it is left out."""
        raw = self.vector(field_id, width)
        return () if raw is None else tuple(np.frombuffer(raw, f"<i{width}").tolist())

    def reals(self, field_id: int) -> tuple[float, ...]:
        """Return a vector of float32; empty where it is left out."""
        raw = self.vector(field_id, 4)
        return () if raw is None else struct.unpack(f"<{len(raw) // 4}f", raw)

    def text(self, field_id: int) -> str:
        """Return a string; what is not UTF-8 in it is replaced."""
        raw = self.vector(field_id, 1)
        return "" if raw is None else bytes(raw).decode(errors="replace")

    def tables(self, field_id: int, most: int, kind: str = "tables") -> Iterator[Table]:
        """Yield the tables that a vector points to; refuse more than `most` before the first.

        `kind` is what messages call them: "operators".
        """
        place = self._place(field_id, 4)
        if place is None:
            return
        start = place + self.file.unsigned(place, 4)
        count = self.file.unsigned(start, 4)
        if count > most:
            raise UnsupportedModel(f"it has {count} {kind}, at most {most} are taken")
        for index in range(count):
            entry = start + 4 + 4 * index
            yield Table(self.file, entry + self.file.unsigned(entry, 4))
