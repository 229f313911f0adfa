"""Verdict: whether every claim was measured and holds, and what stands against it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.evidence import Evidence
from bot.proposal import Proposal
from hardware_runner.report import RunOutcome, RunReport


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader must know first.

    Attributes:
        missed: claims that were measured and do not hold.
        unproven: claims that could not be measured.
        failed_runs, broken_runs: boards that answered wrongly, and boards that did not work.
        left_runs: boards that were built for and left to a bench.
        absent_boards: boards that were asked for and have no report.
        asked: claims with a limit that the request set.
        measured: all claims, held or not, that were measured.
    """

    missed: tuple[Evidence, ...]
    unproven: tuple[Evidence, ...]
    failed_runs: tuple[RunReport, ...]
    broken_runs: tuple[RunReport, ...]
    left_runs: tuple[RunReport, ...]
    absent_boards: tuple[str, ...]
    asked: tuple[Evidence, ...]
    measured: int

    @property
    def draft(self) -> bool:
        """Return whether the proposal must not be merged as it stands."""
        return not self.measured or bool(
            self.missed
            or self.unproven
            or self.failed_runs
            or self.broken_runs
            or self.left_runs
            or self.absent_boards
        )

    @property
    def line(self) -> str:
        """Return the verdict in one sentence."""
        if not self.measured:
            return "Nothing was measured."
        if not self.draft:
            asked = len(self.asked)
            if not asked:
                return f"All {self.measured} claims measured and met; the request sets no limit."
            return (
                f"All limits met: {asked} of {asked} that the request sets, "
                f"{self.measured} claims measured in all."
            )
        parts = (
            (len(self.missed), "limit missed", "limits missed"),
            (len(self.failed_runs), "board answered wrongly", "boards answered wrongly"),
            (len(self.unproven), "claim not proven", "claims not proven"),
            (len(self.broken_runs), "board run failed", "board runs failed"),
            (len(self.left_runs) + len(self.absent_boards), "board not run", "boards not run"),
        )
        said = [f"{count} {one if count == 1 else many}" for count, one, many in parts if count]
        return f"{', '.join(said)}."


def judge(proposal: Proposal) -> Verdict:
    """Return the verdict on a proposal: only what was measured and holds counts for it."""
    reported = {report.board for report in proposal.reports}
    return Verdict(
        missed=proposal.missed,
        unproven=proposal.unproven,
        failed_runs=tuple(r for r in proposal.reports if r.outcome is RunOutcome.FAIL),
        broken_runs=tuple(r for r in proposal.reports if r.outcome is RunOutcome.INFRASTRUCTURE),
        left_runs=tuple(r for r in proposal.reports if r.outcome is RunOutcome.SKIPPED),
        absent_boards=tuple(b for b in proposal.goal.boards if b not in reported),
        asked=tuple(e for e in proposal.evidence if e.source == "goal"),
        measured=len(proposal.evidence) - len(proposal.unproven),
    )
