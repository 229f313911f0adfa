"""Publication: everything that a forge writes for a proposal, rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.forge import Origin
from bot.proposal import Proposal
from bot.rendering import evidence_file
from bot.rendering.comment import board_comment
from bot.rendering.pull_request import pull_request
from bot.rendering.status import status_comment
from bot.rendering.text import plain
from bot.rendering.verdict import judge


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request, about one board."""

    board: str
    text: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What a forge writes.

    Attributes:
        title: one line of plain text, not Markdown.
        draft: something is missed or not proven.
        body: the pull request's text, Markdown of at most 65,536 characters.
        status: the comment on the request that is edited in place: who did what, at what cost.
        comments: one for each board that has a report, in order.
        folder: of the project, relative to the repository.
        files: all files of the project, by path relative to the folder.
    """

    title: str
    draft: bool
    body: str
    status: str
    comments: tuple[Comment, ...]
    folder: str
    files: Mapping[str, bytes]


def render(proposal: Proposal, origin: Origin) -> Publication:
    """Render a proposal. The same proposal and origin give the same bytes."""
    from bot.card.card import render_card  # noqa: PLC0415  (brings Matplotlib and pandas)

    folder = f"tinyml/{proposal.goal.name}"
    return Publication(
        title=plain(proposal.goal.title)[:200] or proposal.goal.name,
        draft=judge(proposal).draft,
        body=pull_request(proposal, origin, folder),
        status=status_comment(proposal, origin, folder),
        comments=tuple(
            Comment(report.board, board_comment(proposal, report, origin))
            for report in proposal.reports
        ),
        folder=folder,
        files={
            **proposal.files,
            **render_card(proposal),
            evidence_file.PATH: evidence_file.evidence_json(proposal),
        },
    )
