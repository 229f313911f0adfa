"""Hold: keep a board for a person, and give it back.

A hold is a lease like any other: the kernel's lock of a process, which ends with it. So a hold for
an hour is a process that lives for an hour, and a board is never held by a file that somebody
forgot. Who releases it asks by a file; nobody signals a process because a record names it.
"""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hardware_runner.atomic import write_text
from hardware_runner.errors import BoardBusy, BoardTrouble
from hardware_runner.lease import Holder, Lease, holder, is_held, lease_all

POLL_S = 0.2
_READY = "held"
_READY_S = 30.0


def keep(
    places: Sequence[str],
    purpose: str,
    folder: Path,
    *,
    minutes: float | None = None,
    on_held: Callable[[], None] = lambda: None,
    timeout_s: float = 0.0,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Hold places until somebody asks for them, or the time is over.

    Args:
        places: What to hold; all, or none.
        purpose: What a waiting person is told.
        folder: Of the locks.
        minutes: How long at most; None: until it is asked for, or this process ends.
        on_held: Called once they are held.
        timeout_s: Longest wait for them to come free.
        now: A clock in seconds.
        sleep: Waits.

    Returns:
        Whether it was asked for.

    Raises:
        BoardBusy: one is in use.
    """
    with lease_all(places, timeout_s=timeout_s, lock_dir=folder, purpose=purpose) as held:
        for one in held:
            _request(folder, one.board).unlink(missing_ok=True)  # of an earlier hold
        on_held()
        until = None if minutes is None else now() + 60 * minutes
        try:
            while until is None or now() < until:
                if any(_is_asked(folder, one) for one in held):
                    return True
                sleep(POLL_S)
            return False
        finally:
            for one in held:
                _request(folder, one.board).unlink(missing_ok=True)


def keep_apart(places: Sequence[str], purpose: str, folder: Path, minutes: float) -> int:
    """Hold places in a process of their own for some minutes, and return its number.

    Raises:
        BoardBusy: one is in use.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "hardware_runner.hold", str(folder), str(minutes), purpose, *places],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert process.stdout is not None  # noqa: S101
    with process.stdout as said:
        is_there = bool(select.select([said], [], [], _READY_S)[0])
        line = said.readline().strip() if is_there else f"It was not held within {_READY_S:g} s."
    if line != _READY:
        process.kill()
        process.wait()
        raise BoardBusy(line or "The process that should hold the board ended at once.")
    process.returncode = 0  # it goes on without us: nothing to wait for
    return process.pid


def ask_back(place: str, folder: Path) -> Holder | None:
    """Ask whoever holds a place by hand to give it back; return who that is.

    Raises:
        BoardBusy: a run holds it, which is never broken.
    """
    who = holder(place, folder)
    if not is_held(place, folder) or who is None:
        return None
    if not who.purpose:
        raise BoardBusy(
            f"The board {place} is held by {who}: that is a run, which ends by itself. To end it "
            "at once, cancel the job, or stop that process."
        )
    write_text(_request(folder, place), _name(who))
    return who


def await_free(
    place: str, folder: Path, within_s: float, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Wait until nobody holds a place, and say whether that came true."""
    deadline = time.monotonic() + within_s
    while is_held(place, folder):
        if time.monotonic() >= deadline:
            return False
        sleep(POLL_S)
    return True


def _is_asked(folder: Path, held: Lease) -> bool:
    try:
        return _request(folder, held.board).read_text() == _name(held.holder)
    except OSError:
        return False


def _name(who: Holder) -> str:
    return f"{who.pid} {who.host} {who.since}"


def _request(folder: Path, place: str) -> Path:
    return folder / f"{place}.wanted"


def _main(arguments: Sequence[str]) -> int:
    folder, minutes, purpose, *places = arguments

    def ready() -> None:
        sys.stdout.write(_READY + "\n")
        sys.stdout.flush()

    try:
        keep(places, purpose, Path(folder), minutes=float(minutes), on_held=ready)
    except (BoardTrouble, OSError) as trouble:
        sys.stdout.write(f"{' '.join(str(trouble).splitlines())}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
