"""The split: which records a model may learn from, and which it is judged by.

Made by the harness, before any authored file runs. Records whose inputs are equal as the board
receives them form one group and stay on one side; otherwise a model would be judged by what it saw.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from bot.errors import SourceError
from bot.records import Records
from bot.rendering.text import code
from bot.sources.loaded import inputs

TEST_FRACTION = 0.25
# With fewer held-out records one answer moves the accuracy by more than five percentage points.
HELD_OUT_MIN = 20


@dataclass(frozen=True, slots=True)
class Split:
    """The two sides, each in the order of the source.

    Attributes:
        train, test: the sides.
        distinct: the number of different inputs.
        duplicates: records whose input equals that of an earlier record.
        conflicts: different inputs that stand under more than one label.
    """

    train: Records
    test: Records
    distinct: int
    duplicates: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Records with one input."""

    order: bytes
    label: str
    rows: tuple[int, ...]
    conflicting: bool


def split(
    records: Records, labels: Sequence[str], seed: int, fraction: float = TEST_FRACTION
) -> Split:
    """Hold out about `fraction` of the records of each label.

    The groups of each label are ordered by a hash of their input and the seed, and taken for the
    test side until it has its share of records or of groups, whichever comes first. So the order of
    the rows does not matter. A group with several labels counts for the one it has most often.

    Args:
        records: every record; their labels are among `labels`.
        labels: the goal's labels.
        seed: another seed gives another split.
        fraction: the share of records to hold out, more than 0, less than 1.

    Raises:
        SourceError: a label has fewer than two different inputs, so one side would lack it.
    """
    groups = _groups(records, seed)
    test = _held_out_rows(groups, records, labels, fraction)
    rows = len(records.labels)
    return Split(
        train=records.take([row for row in range(rows) if row not in test]),
        test=records.take(sorted(test)),
        distinct=len(groups),
        duplicates=rows - len(groups),
        conflicts=sum(group.conflicting for group in groups),
    )


def held_out_rows(
    records: Records, labels: Sequence[str], seed: int, fraction: float
) -> Sequence[int]:
    """Return the rows that `split` would hold out, in order."""
    return sorted(_held_out_rows(_groups(records, seed), records, labels, fraction))


def _held_out_rows(
    groups: Sequence[_Group], records: Records, labels: Sequence[str], fraction: float
) -> set[int]:
    if not 0 < fraction < 1:
        raise ValueError(f"the fraction to hold out must lie between 0 and 1, not {fraction}")
    test: set[int] = set()
    for label in labels:
        own = sorted((g for g in groups if g.label == label), key=lambda group: group.order)
        if len(own) < 2:
            raise SourceError(
                f"{code(records.uri)} has {len(own)} different input(s) for {code(label)}; two are "
                "the least that can be split.",
                "Record more samples of it, or leave the class out.",
                "Data",
            )
        test.update(row for group in _held_out(own, fraction) for row in group.rows)
    return test


def refuse_too_few(records: Records, labels: Sequence[str]) -> None:
    """Refuse records of which too few would be held out to judge a model by.

    Raises:
        SourceError: the message says how many there are, how many are needed, and why.
    """
    groups = _groups(records, seed=0)
    distinct = Counter(group.label for group in groups)
    held_out = sum(_share(distinct[label], TEST_FRACTION) for label in labels)
    if held_out >= HELD_OUT_MIN:
        return
    each = next(n for n in count(2) if _share(n, TEST_FRACTION) * len(labels) >= HELD_OUT_MIN)
    raise SourceError(
        f"{code(records.uri)} has {len(groups)} samples with different inputs. About a quarter is "
        f"held out to judge by: {held_out}. At least {HELD_OUT_MIN} are needed; with fewer, one "
        f"answer moves the accuracy by more than {100 // HELD_OUT_MIN} percentage points.",
        f"Record more samples, about {each} different ones of each of the {len(labels)} classes: "
        f"{each * len(labels)} in all.",
        "Data",
    )


def leaks(train: Records, test: Records) -> int:
    """Count the test records whose input stands on the training side too."""
    seen = set(_keys(train))
    return sum(key in seen for key in _keys(test))


def _held_out(groups: Sequence[_Group], fraction: float) -> Sequence[_Group]:
    """Return the first groups that make up the share: at least one, and at least one is left."""
    records = sum(len(group.rows) for group in groups)
    groups_wanted = _share(len(groups), fraction)
    taken, rows = 0, 0
    while taken < min(groups_wanted, len(groups) - 1) and (
        taken == 0 or rows + len(groups[taken].rows) / 2 <= records * fraction
    ):
        rows += len(groups[taken].rows)
        taken += 1
    return groups[:taken]


def _share(distinct: int, fraction: float) -> int:
    """Return how many of a label's different inputs are held out: at least one."""
    return max(1, round(distinct * fraction))


def _groups(records: Records, seed: int) -> list[_Group]:
    rows: dict[bytes, list[int]] = {}
    for row, key in enumerate(_keys(records)):
        rows.setdefault(key, []).append(row)
    names = records.labels
    groups = []
    for key, members in rows.items():
        counts: dict[str, int] = {}
        for row in members:
            counts[names[row]] = counts.get(names[row], 0) + 1
        most = min(counts, key=lambda name: (-counts[name], name))
        order = hashlib.sha256(seed.to_bytes(8, "little", signed=True) + key).digest()
        groups.append(_Group(order, most, tuple(members), len(counts) > 1))
    return groups


def _keys(records: Records) -> list[bytes]:
    """Return what a board receives for each record, as bytes."""
    return [row.astype("<f4").tobytes() for row in inputs(records)]
