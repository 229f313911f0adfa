"""Listening: comments that no run was started for, or whose run still waits for this one to end."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.event import Closed, Commanded, Commented, Event, Place, Sender
from bot.events.issues import OUR_MARKER
from bot.events.slash import is_command
from bot.github.hub import Comment, Hub


@dataclass(frozen=True, slots=True)
class Ear:
    """Hears what is said at an issue and at its pull request.

    Attributes:
        hub: the repository.
        repository: owner/name.
        number: of the issue.
        ours: under which name we write.
    """

    hub: Hub
    repository: str
    number: int
    ours: str

    def newest(self) -> int:
        """Return the id of the newest comment of the issue; 0 where there is none."""
        return max((comment.id for comment in self.hub.comments(self.number)), default=0)

    def since(self, heard: int, pull: int, before: int | None = None) -> list[tuple[int, Event]]:
        """Return what people said, oldest first, each with its comment's id.

        Args:
            heard: the newest comment that was dealt with.
            pull: number of the pull request; 0 where there is none.
            before: only comments with smaller ids.
        """
        found: list[tuple[int, Event]] = []
        for at in (self.number, pull) if pull else (self.number,):
            new = [c for c in self.hub.comments(at) if c.id > heard and not self._is_bot(c)]
            if before is not None:
                new = [comment for comment in new if comment.id < before]
            found += [(comment.id, event) for comment in new if (event := self._event(at, comment))]
        return sorted(found, key=lambda pair: pair[0])

    def closed(self) -> Event | None:
        """Return that the issue was closed, if it was; by whom is not asked."""
        if self.hub.issue(self.number).is_open:
            return None
        return Closed(
            place=self._place(self.number),
            sender=Sender(login="somebody", id=1, is_bot=False),
            is_pull=False,
            merged=False,
            head_branch="",
        )

    def _event(self, at: int, comment: Comment) -> Event | None:
        place, on_pull = self._place(at), at != self.number
        sender = Sender(login=comment.author, id=comment.author_id, is_bot=False)
        if is_command(comment.body):
            issue = self.hub.issue(at)
            return Commanded(
                place=place,
                sender=sender,
                on_pull=on_pull,
                comment_id=comment.id,
                command=comment.body,
                title=issue.title,
                body=issue.body,
            )
        if on_pull:
            return None
        return Commented(
            place=place, sender=sender, on_pull=False, comment_id=comment.id, text=comment.body
        )

    def _is_bot(self, comment: Comment) -> bool:
        if OUR_MARKER.search(comment.body):
            return True
        bot = comment.author.endswith("[bot]") or comment.author_id == 0
        return bot or comment.author.lower() == self.ours.lower()

    def _place(self, number: int) -> Place:
        return Place(repository=self.repository, installation_id=None, number=number)
