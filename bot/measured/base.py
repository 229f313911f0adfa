"""Base: what the default branch measured last on each board, to compare with."""

from __future__ import annotations

from bot.github.hub import Hub, Missing, Refused, WorkflowRun
from bot.measured.judgement import Judgement, Verdict
from bot.measured.judging import judge
from bot.measured.reading import ARTIFACT_MAX_BYTES, ArtifactRefused, Expected, read_artifact
from bot.measured.truth import truth_at
from bot.measured.workflow import TRUSTED_EVENTS, WORKFLOWS, artifact_of

_RUNS_MAX = 8
"""How many runs are looked at; each takes a download."""


def base_of(hub: Hub, project: str, not_at: str) -> Judgement | None:
    """Return what was measured last of a commit of the default branch; None where nothing was.

    Only runs of the bench's own workflow as the default branch has it count, and of them only what
    is of a commit among the branch's newest ones. Boards are gathered from several runs of the
    newest such commit.

    Args:
        hub: the repository.
        project: folder.
        not_at: a commit that is no base: the one that is judged.

    Raises:
        Unavailable: GitHub did not answer; what it refuses or lacks means that there is no base.
    """
    branch = hub.repository().default_branch
    history = {change.sha for change in hub.changes("", branch)} - {not_at}
    found: Judgement | None = None
    for run in _runs(hub, branch):
        judged = _judged(hub, run, project, history)
        if judged is None:
            continue
        if found is None:
            found = judged
        elif judged.commit == found.commit:
            found = _with_more(found, judged)
    return found


def _runs(hub: Hub, branch: str) -> list[WorkflowRun]:
    for workflow in WORKFLOWS:
        try:
            found = hub.runs(workflow, branch, _RUNS_MAX)
        except (Refused, Missing):
            continue
        return [run for run in found if run.event in TRUSTED_EVENTS]
    return []


def _judged(hub: Hub, run: WorkflowRun, project: str, history: set[str]) -> Judgement | None:
    try:
        artifact = artifact_of(hub, run.id)
        if artifact is None:
            return None
        content = hub.download(artifact, ARTIFACT_MAX_BYTES)
        results = read_artifact(content, Expected(project=project))
        if results.commit not in history:
            return None
        return judge(results, truth_at(hub, results.commit, project), run=run.id)
    except (ArtifactRefused, Refused, Missing):
        return None


def _with_more(newer: Judgement, older: Judgement) -> Judgement:
    """Return boards of two runs of one commit; those that the newer one measured count."""
    known = {board.board for board in newer.boards if board.verdict is not Verdict.MISSING}
    more = tuple(board for board in older.boards if board.board not in known)
    kept = tuple(board for board in newer.boards if board.board in known)
    return newer.model_copy(update={"boards": (*kept, *more)})
