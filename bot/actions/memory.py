"""Memory: a request's state, from its live comment to the job's folder and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from bot.actions.state import State, found, hidden
from bot.github.clipping import clip
from bot.github.hub import Hub
from bot.jobs.messages import Start
from bot.rendering.live import PART, Live, Phase, live_comment
from bot.rendering.marker import BODY_MAX_CHARACTERS
from bot.work.folder import leave_outcome, read_outcome
from bot.work.job import REQUEST, Wanted
from bot.work.outcome import Built
from bot.workspace import write_atomically

WAITING = (Phase.ASKING, Phase.APPROVING, Phase.REVIEWING)
"""Where a job waits for a person, so that the next run goes on there."""
ENDED = (Phase.DONE, Phase.CANCELLED, Phase.FAILED)

_MARKER = f"/{PART} -->"
_LIVE, _BUILT, _RECORD = Path("live.json"), Path("built.json"), Path("work", "published.json")
_TOO_LONG = (
    "> [!WARNING]\n> The request is too long to be kept between two workflow runs. Shorten it, "
    "then `/boardwright build`."
)


def recall(hub: Hub, number: int, ours: str) -> State | None:
    """Return the state of an issue's request, from the first live comment that is our own.

    Args:
        hub: the repository.
        number: of the issue.
        ours: under which name we write; what others wrote, quotations too, is not looked at.
    """
    for comment in hub.comments(number):
        if comment.author == ours and _MARKER in comment.body.partition("\n")[0]:
            state = found(comment.body)
            return state if state is not None and state.start.number == number else None
    return None


def goes_on(state: State) -> bool:
    """Say whether a state is that of a job that waits, with all that it needs to go on."""
    reviewing = state.live.phase is Phase.REVIEWING
    whole = state.wanted is not None and (state.built is not None or not reviewing)
    return whole and state.live.phase in WAITING


@dataclass(frozen=True, slots=True)
class Told:
    """A job as far as it came. `folder`: of the project; empty where there is none yet."""

    start: Start
    wanted: Wanted
    live: Live
    folder: str


@dataclass
class Memory:
    """What one run knows of the request.

    Attributes:
        folder: of the job.
        begun: when the run began.
        start: of the job that runs; None while there is none.
        heard: id of the newest comment that was dealt with.
    """

    folder: Path
    begun: datetime
    start: Start | None = None
    heard: int = 0

    def restore(self, state: State, repository: str) -> None:
        """Lay the state out in the job's folder, as if it had never been left."""
        self.start = state.start.model_copy(update={"repository": repository})
        self.heard = state.heard
        if state.wanted is not None:
            wanted = state.wanted.model_copy(
                update={"repository": repository, "number": state.start.number}
            )
            self._write(Path(REQUEST), wanted.model_dump_json(indent=1))
        self._write(_LIVE, state.live.model_dump_json(indent=1))
        if state.built is not None:
            self._write(_BUILT, state.built.model_dump_json())
            leave_outcome(self.folder, state.built)
        if state.record:
            self._write(_RECORD, json.dumps(state.record))

    def told(self) -> Told:
        """Return the job that was restored.

        Raises:
            ValueError: none was, or not all of it.
        """
        wanted, content, built = self._wanted(), self._read(_LIVE), self._built()
        if self.start is None or wanted is None or not content:
            raise ValueError("no job was restored")
        live = Live.model_validate_json(content)
        return Told(self.start, wanted, live, built.folder if built else "")

    def render(self, live: Live) -> str:
        """Return the live comment with the state hidden at its end."""
        visible = live_comment(live)
        if self.start is None:
            return visible
        line = hidden(self._state(live, self.start)) or _TOO_LONG
        return f"{clip(visible, BODY_MAX_CHARACTERS - len(line) - 2)}\n\n{line}"

    def _state(self, live: Live, start: Start) -> State:
        return State(
            start=start.model_copy(update={"title": "", "body": ""}),
            wanted=self._wanted(),
            live=live.model_copy(update={"notes": ()}),
            built=self._built(),
            record=self._record(),
            heard=self.heard,
            begun=self.begun,
        )

    def _wanted(self) -> Wanted | None:
        content = self._read(Path(REQUEST))
        return Wanted.model_validate_json(content) if content else None

    def _built(self) -> Built | None:
        """Return what was built last, without the parts that are published at once."""
        try:
            outcome = read_outcome(self.folder)
        except (OSError, ValueError):
            outcome = None
        if isinstance(outcome, Built):
            light = {"summary": "", "lines": (), "answers": ()}
            self._write(_BUILT, outcome.model_copy(update=light).model_dump_json())
        content = self._read(_BUILT)
        return Built.model_validate_json(content) if content else None

    def _record(self) -> dict[str, JsonValue]:
        content = self._read(_RECORD)
        record = json.loads(content) if content else {}
        return record if isinstance(record, dict) else {}

    def _read(self, path: Path) -> bytes:
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return b""

    def _write(self, path: Path, text: str) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, text.encode())
