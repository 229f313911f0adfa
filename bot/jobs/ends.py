"""Ends: how a job comes to its end before, or instead of, a merged pull request."""

from __future__ import annotations

from bot.jobs.messages import Closed, Commanded, Withdrawn
from bot.rendering.live import Phase
from bot.work.outcome import Asking, Outcome, Stopped


class Ended(Exception):
    """A job is over. Raised inside of a flow, and caught where the flow ends.

    Attributes:
        phase: in which it ends.
        problem, cure: Markdown for people; empty where there is nothing to say.
        silent: the repository is no longer ours to write to.
    """

    def __init__(
        self, phase: Phase, problem: str = "", cure: str = "", silent: bool = False
    ) -> None:
        super().__init__(phase, problem, cure, silent)
        self.phase, self.problem, self.cure, self.silent = phase, problem, cure, silent


AGAIN = "`/boardwright retry` goes on with the same request, `/boardwright build` reads it anew."

NO_ANSWER = "Nobody answered for two weeks."
NO_APPROVAL = "Nobody approved the plan for two weeks."
NO_REVIEW = "Nobody reviewed the pull request for a month; it stays as it is."
NO_REVIEW_CURE = "`/boardwright revise TEXT` wakes the job up."
ROUNDS_SPENT = (
    "The pull request was revised as often as `service.max_revisions` allows. What is left is for "
    "a person; or raise the number in `boardwright.toml`."
)
KEPT = (
    "Somebody changed `{folder}` on the branch `{branch}`. Building it anew would lose that, so "
    "nothing was built, and the branch is as it was."
)
KEPT_CURE = (
    "Submit a review, or comment `/boardwright revise TEXT`: that begins with the files as they "
    "stand on the branch, and checks them. To have all of it built from the issue instead, rename "
    "the branch or take the changes back, then say `/boardwright build` or `/boardwright retry`."
)
BENCH_SAYS_THE_SAME = (
    "The bench finds the same again after a revision, so that another one would not help."
)
BENCH_ROUNDS_SPENT = (
    "The bench found something wanting as often as `service.max_bench_rounds` allows revisions for."
)
BENCH_NOTHING_CHANGED = (
    "The bench found something wanting, and who wrote the files changed nothing because of it."
)
BENCH_CURE = "The pull request's comments have the figures. `/boardwright revise TEXT` goes on."
BENCH_PROBLEMS = (BENCH_SAYS_THE_SAME, BENCH_ROUNDS_SPENT, BENCH_NOTHING_CHANGED)
GONE = "The work ended without a word, several times. The fault is Boardwright's or the machine's."
BROKEN = "Something went wrong that should not have; the fault is Boardwright's."
BROKEN_CURE = (
    "`/boardwright retry` tries again. If it fails in the same way, tell whoever runs the service "
    "the delivery's id."
)


def too_late(command: Commanded) -> str:
    """Return the answer to a command that found its job at its end."""
    return (
        "The work ended just when this was said, so nothing was done about it. Say "
        f"`/boardwright {command.verb.value}` again if it is still wanted."
    )


def cancelled(login: str) -> Ended:
    """Return the end that a person asked for."""
    return Ended(Phase.CANCELLED, f"Cancelled by {login}.", AGAIN)


def withdrawn(message: Withdrawn) -> Ended:
    """Return the end of a job whose repository is another one now, or was taken away."""
    if message.now:
        return Ended(Phase.CANCELLED, f"The work ended, as {message.reason}.", AGAIN)
    return Ended(Phase.CANCELLED, message.reason, silent=True)


def closed(message: Closed) -> Ended:
    """Return the end of a job whose issue or pull request was closed."""
    if message.merged:
        return Ended(Phase.DONE)
    what = "The pull request" if message.is_pull else "The issue"
    return Ended(
        Phase.CANCELLED,
        f"{what} was closed by {message.login}.",
        f"Open it again, then {AGAIN[0].lower() + AGAIN[1:]}",
    )


def stopped(outcome: Stopped) -> Ended:
    """Return the end of a job whose work could not be done."""
    return Ended(Phase.FAILED, outcome.problem, outcome.cure)


def unexpected(outcome: Outcome) -> Ended:
    """Return the end to which an outcome leads that is none of those that were hoped for."""
    if isinstance(outcome, Stopped):
        return stopped(outcome)
    if isinstance(outcome, Asking):
        return Ended(Phase.FAILED, outcome.text, AGAIN)
    return Ended(Phase.FAILED, BROKEN, BROKEN_CURE)
