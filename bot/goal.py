"""Goal: the validated request, the value that every later step is given and none may change."""

from __future__ import annotations

import re
from enum import Enum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bot.frozen import Frozen


class Task(Enum):
    """The kinds of task that a project can solve."""

    IMAGE_CLASSIFICATION = "image-classification"
    KEYWORD_SPOTTING = "keyword-spotting"
    MOTION = "motion"
    TABULAR_SENSOR = "tabular-sensor"


class RawType(Enum):
    """The element type of a raw sample, as the sensor driver delivers it."""

    UINT8 = "uint8"
    INT16 = "int16"
    FLOAT32 = "float32"


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", value):
        raise ValueError("must be 1 to 40 of a-z, 0-9 and '-', beginning with a letter")
    return value


Slug = Annotated[str, AfterValidator(_slug)]


class DataSource(Frozen):
    """Where the samples come from.

    ``uri`` is ``sklearn:<name>``, or ``csv:``, ``npz:``, ``images:`` or ``wav:`` and a path, which
    is relative to the file that holds the request (or to the repository), or the ``https://``
    address of a ``.csv``, ``.npz`` or ``.zip`` file with its hash behind ``#sha256=``.
    """

    uri: str = Field(pattern=r"^((sklearn|csv|npz|images|wav):|https://).+$")
    label_column: str | None = Field(default=None, description="CSV only; None: found by rule")
    fetched_bytes: int | None = Field(default=None, ge=0, description="size of a fetched file")

    @property
    def kind(self) -> str:
        """Return how it is read: what stands before ':', or what a fetched file ends with."""
        head, _, rest = self.uri.partition(":")
        if head != "https":
            return head
        return re.split("[?#]", rest, maxsplit=1)[0].rpartition(".")[2].lower()


class RawInput(Frozen):
    """One raw sample, as the board receives it."""

    shape: tuple[Annotated[int, Field(ge=1, le=65536)], ...] = Field(min_length=1, max_length=4)
    dtype: RawType
    unit: str = Field(description="what one element means, for example 'grey level, 0 to 16'")
    names: tuple[str, ...] = Field(
        default=(), description="one name for each element of a tabular sample; else empty"
    )
    rate_hz: int | None = Field(
        default=None, gt=0, description="readings a second, where a sample is a stretch of time"
    )

    @property
    def count(self) -> int:
        """Return the number of elements in one sample."""
        total = 1
        for extent in self.shape:
            total *= extent
        return total


class Limits(Frozen):
    """What the request demands. ``None`` means that nothing was asked."""

    accuracy_min: float | None = Field(default=None, ge=0, le=1, description="fraction")
    accuracy_drop_max: float = Field(
        default=0.02, ge=0, le=1, description="float to int8 on the held-out set, fraction"
    )
    latency_max_ms: float | None = Field(default=None, gt=0)
    instructions_max: int | None = Field(default=None, gt=0, description="features and model")
    flash_max_bytes: int | None = Field(default=None, gt=0)
    ram_max_bytes: int | None = Field(default=None, gt=0)


class Goal(Frozen):
    """The request as understood. Written to ``goal.toml`` and never changed by an author."""

    name: Slug
    title: str
    statement: str = Field(description="the goal in the words of the person who asked")
    task: Task
    data: DataSource
    labels: tuple[str, ...] = Field(min_length=2, max_length=256)
    raw: RawInput
    boards: tuple[str, ...] = Field(min_length=1)
    limits: Limits

    @property
    def records_kind(self) -> str:
        """Return the format of the records in the project: csv, npz, images or wav."""
        if self.data.kind == "zip":
            return "wav" if self.task is Task.KEYWORD_SPOTTING else "images"
        return "csv" if self.data.kind == "sklearn" else self.data.kind

    @model_validator(mode="after")
    def _labels_differ(self) -> Goal:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must differ from each other")
        return self
