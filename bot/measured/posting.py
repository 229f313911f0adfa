"""Posting: what was measured of a commit as one comment and a check run for each board."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

from bot.github.hub import (
    Button,
    Check,
    Comment,
    Conclusion,
    Hub,
    HubError,
    PullRequest,
    Refused,
)
from bot.measured.judgement import BoardJudgement, Judgement, Verdict
from bot.measured.kept import joined, kept
from bot.measured.workflow import AGAIN, CHECK_KEY
from bot.rendering.bench_comment import (
    BENCH_MARKERS,
    Nothing,
    bench_comment,
    board_check,
    comment_marker,
    nothing_comment,
    says_nothing,
)

BUTTON = Button("Measure again", "Run this commit on the board again", AGAIN)

_CONCLUSIONS = {
    Verdict.PASS: Conclusion.SUCCESS,
    Verdict.MISSED: Conclusion.FAILURE,
    Verdict.DISAGREES: Conclusion.FAILURE,
    Verdict.FAILED: Conclusion.FAILURE,
    Verdict.INFRASTRUCTURE: Conclusion.NEUTRAL,
    Verdict.MISSING: Conclusion.NEUTRAL,
}
_FOLDED_MAX = 10
_one_at_a_time = threading.Lock()
Alone = Callable[[str], AbstractContextManager[None]]
"""Lets one of several processes at a time do what has a name; the threads of one take turns."""


def unguarded(name: str) -> AbstractContextManager[None]:
    """Let this process do something; there is no other one."""
    return nullcontext()


def post(
    hub: Hub,
    ours: str,
    pull: PullRequest | None,
    judgement: Judgement,
    run_url: str = "",
    alone: Alone = unguarded,
) -> Judgement:
    """Tell what was measured, and return it joined with what was measured of the commit before.

    Done again, it changes nothing. Without a pull request only the check runs are written, and
    without the right to write those only the comment.

    Args:
        hub: the repository.
        ours: login under which we write.
        pull: whose head the commit is.
        judgement: of the boards that a run measured.
        run_url: of that run.
        alone: for where several processes post.
    """
    known = judgement
    if pull is not None:
        marker = comment_marker(judgement.commit)
        with _one_at_a_time, alone(pull.url):  # what is read is what is edited
            said = [c for c in hub.comments(pull.number) if c.author == ours]
            before = next((c.body for c in said if marker in c.body), None)
            known = joined(kept(before) if before else None, judgement)
            hub.put_comment(pull.number, marker, bench_comment(known, run_url))
        if before is None:
            _fold_away(hub, said)
    measured = {board.board for board in judgement.boards if board.place}
    for board in known.boards:
        if board.board in measured:
            _check(hub, known, board, run_url)
    return known


def post_nothing(
    hub: Hub, ours: str, pull: PullRequest, nothing: Nothing, alone: Alone = unguarded
) -> bool:
    """Tell that a run came to nothing; return whether that is the last word on the commit.

    What was measured of the commit before stays.
    """
    marker = comment_marker(nothing.commit)
    with _one_at_a_time, alone(pull.url):
        said = [c for c in hub.comments(pull.number) if c.author == ours]
        before = next((c.body for c in said if marker in c.body), None)
        known = kept(before) if before else None
        if known is not None and any(board.run >= nothing.run for board in known.boards):
            return False
        if known is not None:
            hub.put_comment(pull.number, marker, bench_comment(known, later=nothing))
        elif before is None or says_nothing(before):
            hub.put_comment(pull.number, marker, nothing_comment(nothing))
    if before is None:
        _fold_away(hub, said)
    return True


def _fold_away(hub: Hub, said: Sequence[Comment]) -> None:
    """Fold away what was said of earlier heads; where that cannot be, it stays as it is."""
    older = [c for c in said if c.body.startswith(BENCH_MARKERS)]
    with suppress(HubError):
        for comment in older[-_FOLDED_MAX:]:
            hub.minimise(comment)


def conclusion_of(board: BoardJudgement) -> Conclusion:
    """Return how a board's check run ends: red only where the files are at fault."""
    if board.verdict is Verdict.PASS and board.unproven:
        return Conclusion.NEUTRAL
    return _CONCLUSIONS[board.verdict]


def _check(hub: Hub, judgement: Judgement, board: BoardJudgement, run_url: str) -> None:
    text = board_check(judgement, board, run_url)
    check = Check(
        name=f"Boardwright / {board.board}",
        head_sha=judgement.commit,
        key=f"{CHECK_KEY}{board.board}",
        title=text.title,
        summary=text.summary,
        text=text.text,
        conclusion=conclusion_of(board),
        details_url=run_url or None,
        buttons=(BUTTON,),
    )
    try:
        hub.put_check(check)
    except Refused:  # check runs are for Apps
        return
