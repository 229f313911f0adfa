"""State: what is kept of a request between two workflow runs, hidden in its live comment.

It is packed, not sealed: whoever may edit the bot's comments can change it. So it counts only in a
comment of the bot's own, is checked as any input is, and gives nobody a permission.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue, ValidationError

from bot.frozen import Frozen
from bot.jobs.messages import Start
from bot.rendering.live import Live
from bot.work.job import Wanted
from bot.work.outcome import Built

PACKED_MAX_CHARACTERS = 44_000
_UNPACKED_MAX_BYTES = 1 << 20
# Base64 has no hyphen, which an HTML comment must not hold twice in a row.
_HIDDEN = re.compile(r"^<!-- boardwright:state=1 ([A-Za-z0-9+/]+={0,2}) -->\s*$", re.MULTILINE)


class State(Frozen):
    """What a run leaves to the next one.

    Attributes:
        start: of the job that ran last; without the texts, which `wanted` holds.
        wanted: the request as it stood when it was triggered, with the answers since.
        live: what the comment says.
        built: what was published last.
        record: who wrote which published file, see `bot.work.record`.
        heard: id of the newest comment that was dealt with.
        begun: when the last run began.
    """

    version: Literal[1] = 1
    start: Start
    wanted: Wanted | None
    live: Live
    built: Built | None
    record: dict[str, JsonValue] = Field(default_factory=dict)
    heard: int = Field(ge=0)
    begun: AwareDatetime


def hidden(state: State) -> str:
    """Return a state as an HTML comment of one line; empty where it is too large to be kept."""
    packed = base64.b64encode(zlib.compress(state.model_dump_json().encode(), 9)).decode()
    line = f"<!-- boardwright:state=1 {packed} -->"
    return line if len(line) <= PACKED_MAX_CHARACTERS else ""


def found(body: str) -> State | None:
    """Return the state that a comment hides; None where there is none that can be read."""
    lines = _HIDDEN.findall(body.replace("\r\n", "\n"))
    if not lines:
        return None
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.b64decode(lines[-1]), _UNPACKED_MAX_BYTES)
        return State.model_validate_json(content) if unpacking.eof else None
    except (zlib.error, binascii.Error, ValidationError):
        return None
