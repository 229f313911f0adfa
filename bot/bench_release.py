"""Release a place: end a hold, or take a wedge away once its board is proven well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.errors import ExitCode
from hardware_runner.answering import Proof, prove_well
from hardware_runner.bench import Bench, Place
from hardware_runner.condition import clear, wedged
from hardware_runner.hold import ask_back, await_free
from hardware_runner.reservation import reserved

FREE_WITHIN_S = 10.0


def release_place(
    bench: Bench,
    place: Place,
    folder: Path,
    say: Callable[[str], None],
    prove: Callable[[Place], Proof] = prove_well,
) -> int:
    """Release a place and say what was done; ends with 3 where its board is not well.

    Raises:
        BoardBusy: a run holds it, here or on another host of a farm.
    """
    who = ask_back(place.name, folder)
    if who is not None:
        if not await_free(place.name, folder, FREE_WITHIN_S):
            say(f"{place.name}: {who} was asked and did not answer: end that process.")
            return int(ExitCode.MACHINE)
        say(f"{place.name}: the hold of {who} ended.")
    mark = wedged(place.name, folder)
    if mark is None:
        if who is None:
            say(f"{place.name}: is free, and not wedged.")
        return int(ExitCode.DONE)
    with reserved(bench, place.name, folder, timeout_s=0.0):
        proof = prove(place)
        if not proof.is_proven:
            say(f"{place.name}: stays {mark}\nIt is not well yet: {proof.how}")
            return int(ExitCode.MACHINE)
        clear(place.name, folder)
    say(f"{place.name}: is free again: {proof.how}.")
    return int(ExitCode.DONE)
