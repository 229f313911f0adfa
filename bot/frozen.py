"""Frozen: the base of values that are read from JSON or TOML and checked as they are read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value that never changes; a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
