"""Measured run: what a bench left, judged and told the pull request by the workflow itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.actions.context import Context
from bot.actions.report import FailOn
from bot.errors import Infrastructure, RequestError
from bot.github.hub import Hub
from bot.measured.judgement import Judgement
from bot.measured.posting import post
from bot.measured.reading import (
    ARTIFACT_MAX_BYTES,
    ArtifactRefused,
    Expected,
    read_artifact,
    read_results,
)
from bot.measured.taking import judged
from hardware_runner.results import RESULTS_FILE, Results


@dataclass(frozen=True, slots=True)
class Told:
    """What the pull request was told."""

    line: str
    verdict: str

    def fails(self, fail_on: FailOn) -> bool:
        """Say whether the run is to end red; a missed limit alone is told, and green."""
        return fail_on is FailOn.LIMIT and self.verdict == "missed"


def tell_pull(hub: Hub, context: Context, place: Path, number: int, commit: str) -> Told:
    """Judge the results in a file or folder and post them at a pull request.

    Args:
        hub: The repository.
        context: Of this workflow run.
        place: The results' folder, or the zip, or the folder around it.
        number: Of the pull request.
        commit: Which the results must be of.

    Raises:
        Infrastructure: the results are not what a bench leaves.
        HubError: GitHub did not do what was asked.
    """
    try:
        results = read_place(place, Expected(commit=commit))
        judgement = judged(hub, results, _run_number(context))
    except ArtifactRefused as refused:
        raise Infrastructure(f"The results are refused: {refused.line}") from None
    pull = hub.pull(number)
    current = pull if pull.head_sha == commit else None  # what is old gets its check runs alone
    known = post(hub, context.login, current, judgement, context.run_url)
    return Told(f"{results.project} at {commit[:10]}: {known.line}", _verdict(known))


def read_place(place: Path, expected: Expected) -> Results:
    """Read results from their folder, their zip, or the folder around that.

    Raises:
        ArtifactRefused: they are not what a bench leaves.
        RequestError: there are none.
    """
    file = place
    if place.is_dir():
        there = sorted(place.iterdir())
        named = place / RESULTS_FILE
        file = named if named in there else there[0] if len(there) == 1 else place
    if not file.is_file() or file.is_symlink():
        raise RequestError(
            f"There are no results at {place}.", "`boardwright measure` leaves some."
        )
    with file.open("rb") as stream:
        content = stream.read(ARTIFACT_MAX_BYTES + 1)
    if file.name == RESULTS_FILE:
        return read_results(content, expected)
    return read_artifact(content, expected)


def _verdict(judgement: Judgement) -> str:
    if judgement.wanting:
        return "missed"
    return "met" if judgement.is_good else "infrastructure"


def _run_number(context: Context) -> int:
    return int(context.run.split("-")[1])
