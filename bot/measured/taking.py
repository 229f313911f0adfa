"""Taking: from a workflow run of the bench to what its pull request is told."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from bot.frozen import Frozen
from bot.github.hub import Hub, Missing, PullRequest, Refused
from bot.measured.base import base_of
from bot.measured.judgement import Judgement
from bot.measured.judging import judge
from bot.measured.posting import Alone, post, post_nothing, unguarded
from bot.measured.reading import ARTIFACT_MAX_BYTES, ArtifactRefused, read_artifact
from bot.measured.truth import truth_at
from bot.measured.wanting import remark
from bot.measured.workflow import artifact_of
from bot.rendering.bench_comment import Nothing
from hardware_runner.results import Results

_ENDS = {
    "cancelled": "was cancelled",
    "failure": "was not approved, or its workflow failed",
    "timed_out": "took too long",
}
"""How runs end that people wait for in vain; one that had nothing to measure ends well."""


@dataclass(frozen=True, slots=True)
class Run:
    """The workflow run that measured.

    Attributes:
        conclusion: as GitHub says it.
        commit: that was to be measured; empty where that is not known.
    """

    id: int
    url: str = ""
    conclusion: str = ""
    commit: str = ""


class Taken(Frozen):
    """What came of a run, as it travels to a job.

    `line` is for the log. The others are empty, or 0, where there is nothing to tell anybody.
    """

    line: str
    commit: str = ""
    pull: int = Field(default=0, description="whose head was measured")
    branch: str = ""
    headline: str = Field(default="", description="what came of all boards of the commit")
    remark: str = Field(default="", description="what whoever wrote the files must mend")
    is_good: bool = False
    is_measured: bool = Field(default=True, description="else the headline says why not")


def take_run(hub: Hub, ours: str, run: Run, alone: Alone = unguarded) -> Taken:
    """Fetch what a run left, judge it and post it; done again, it changes nothing.

    Args:
        hub: the repository.
        ours: login under which we write.
        run: of the bench's own workflow, see `workflow`.
        alone: for where several processes post.

    Raises:
        HubError: GitHub did not do what was asked.
    """
    artifact = artifact_of(hub, run.id)
    if artifact is None:
        return _nothing(hub, ours, run, alone)
    try:
        content = hub.download(artifact, ARTIFACT_MAX_BYTES)
        return take(hub, ours, read_artifact(content), run, alone)
    except Refused as error:
        return Taken(line=f"results of run {run.id} refused: {error.problem}")
    except ArtifactRefused as refused:
        return Taken(line=f"results of run {run.id} refused: {refused.line}")


def _nothing(hub: Hub, ours: str, run: Run, alone: Alone) -> Taken:
    """Tell of a run that left no results, where that was not meant to be."""
    line = f"run {run.id} left no results"
    try:
        pull = pull_of(hub, run.commit) if run.commit and run.conclusion in _ENDS else None
    except ArtifactRefused:
        pull = None
    if pull is None:
        return Taken(line=line)
    said = Nothing(run.commit, run.id, _ENDS[run.conclusion], run.url)
    if not post_nothing(hub, ours, pull, said, alone):
        return Taken(line=f"{line}; later ones did")
    return Taken(
        line=f"{line}: it {said.how}",
        commit=run.commit,
        pull=pull.number,
        branch=pull.head_branch,
        headline=f"The run that was to measure {run.commit[:10]} {said.how}.",
        is_measured=False,
    )


def take(hub: Hub, ours: str, results: Results, run: Run, alone: Alone = unguarded) -> Taken:
    """Judge results and post what came of them.

    Raises:
        ArtifactRefused: the repository has nothing to hold them against.
        HubError: GitHub did not do what was asked.
    """
    pull = pull_of(hub, results.commit)
    judgement = judged(hub, results, run.id)
    known = post(hub, ours, pull, judgement, run.url, alone)
    return Taken(
        line=f"{results.project} at {results.commit[:10]}: {known.line}",
        commit=results.commit,
        pull=pull.number if pull else 0,
        branch=pull.head_branch if pull else "",
        headline=known.line,
        remark=remark(known),
        is_good=known.is_good,
    )


def judged(hub: Hub, results: Results, run: int = 0) -> Judgement:
    """Judge results against what the repository says at their commit, and against its base.

    Raises:
        ArtifactRefused: the repository has nothing to hold them against.
        HubError: GitHub did not do what was asked.
    """
    truth = truth_at(hub, results.commit, results.project)
    base = base_of(hub, results.project, results.commit)
    return judge(results, truth, base, run)


def pull_of(hub: Hub, commit: str) -> PullRequest | None:
    """Return the open pull request whose head is a commit; one of a fork is none of ours.

    Raises:
        ArtifactRefused: the repository has no such commit.
    """
    name = hub.repository().full_name.lower()
    try:
        found = hub.pulls_at(commit)
    except (Missing, Refused):
        raise ArtifactRefused(f"The repository has no commit {commit[:10]}.") from None
    for pull in found:
        here = (pull.head_repository or "").lower() == name
        if pull.is_open and here and pull.head_sha == commit:
            return pull
    return None
