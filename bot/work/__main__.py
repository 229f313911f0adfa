"""Run one piece of work: `python -m bot.work plan|build|revise FOLDER`.

Ends with 0 where `outcome.json` was written, 2 where it was called wrongly, 75 where another
process works in the folder or nobody listens any more, 143 where it was asked to end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bot.errors import Infrastructure
from bot.scratch import sole_user
from bot.work.build import build
from bot.work.folder import forget_outcome, leave_outcome
from bot.work.outcome import Outcome
from bot.work.planning import plan
from bot.work.revise import revise
from bot.work.stopping import stopped
from bot.work.telling import Teller

WORK: Mapping[str, Callable[[Path, Teller], Outcome]] = {
    "plan": plan,
    "build": build,
    "revise": revise,
}
USAGE, BUSY, TERMINATED = 2, 75, 143  # 75 is EX_TEMPFAIL of sysexits.h; 143 is 128 + SIGTERM


def main(arguments: Sequence[str]) -> int:
    """Do the work that the arguments name and return the exit code."""
    if len(arguments) != 2 or arguments[0] not in WORK or not Path(arguments[1]).is_dir():
        print(f"usage: python -m bot.work {'|'.join(WORK)} FOLDER", file=sys.stderr)  # noqa: T201
        return USAGE
    signal.signal(signal.SIGTERM, _end)
    folder = Path(arguments[1]).absolute()
    try:
        with sole_user(folder):
            forget_outcome(folder)
            leave_outcome(folder, _worked(WORK[arguments[0]], folder, Teller(_told_lines())))
    except Infrastructure as error:  # of `sole_user`: all else became an outcome
        print(error, file=sys.stderr)  # noqa: T201
        return BUSY
    return 0


def _worked(work: Callable[[Path, Teller], Outcome], folder: Path, teller: Teller) -> Outcome:
    try:
        return work(folder, teller)
    except Exception as error:
        return stopped(error, folder)


def _told_lines() -> Callable[[str], None]:
    """Return what writes a line to standard output, which nothing else reaches any more."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def write(line: str) -> None:
        try:
            told.write(line)
            told.flush()
        except BrokenPipeError:
            raise SystemExit(BUSY) from None

    return write


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End as an exception does: what is held is let go of, temporary folders go."""
    raise SystemExit(TERMINATED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
