"""A repository on GitHub as a forge: a branch, a draft pull request, comments and a check.

Each method may be called again, by another process, and changes nothing where all is done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.forge import Origin
from bot.forge.branch import TRAILER
from bot.github.git_objects import folder_trees, tree_id
from bot.github.hub import (
    Annotation,
    Check,
    Commit,
    Conclusion,
    Hub,
    Level,
    Person,
    PullRequest,
    Refused,
)
from bot.issue_form import LABEL
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from bot.rendering.text import plain
from bot.work.folder import BODY, COMMENTS, PROJECT_FILES, TITLE
from bot.work.outcome import Built

CHECK = "Boardwright / evidence"
OURS = "boardwright"
"""The label of what Boardwright made."""
TREE_TRAILER = "Boardwright-Tree"
"""Names git's id of the folder as it was committed: whoever changes the folder changes the id."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is published: the folder `publication/` that the work left, and what came of it."""

    folder: Path
    built: Built
    origin: Origin

    @property
    def files(self) -> Mapping[str, bytes]:
        """Return the project's files, by path relative to the project's folder."""
        root = self.folder / PROJECT_FILES
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def text(self, name: str) -> str:
        """Return one of the rendered texts."""
        return (self.folder / name).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class PublishedPull:
    """Where a proposal went. `check` is None where GitHub lets us write none: Apps alone may."""

    commit: Commit
    pull: PullRequest
    check: int | None


class GitHubForge:
    """Publishes to a repository on GitHub, for the person who asked.

    Args:
        hub: the repository.
        person: who asked.
        label: by which work is asked for; the pull request has it, too.
    """

    def __init__(self, hub: Hub, person: Person, label: str = LABEL) -> None:
        self._hub = hub
        self._person = person
        self._label = label

    def publish(self, draft: Draft, seen_head: str | None = None) -> PublishedPull:
        """Bring branch, pull request, comments and check up to date.

        Args:
            draft: what is published.
            seen_head: the branch's head that the draft takes account of, people's commits included.

        Raises:
            Refused: people changed the folder, or GitHub forbids it; the message says what to do.
            Unavailable, Missing: GitHub failed, or took the repository away.
        """
        commit = self.commit(draft, seen_head)
        pull = self.propose(draft)
        self.comment(draft, pull.number)
        self.invite(pull.number)
        return PublishedPull(commit, pull, self.check(draft, commit.sha, is_draft=pull.is_draft))

    def commit(self, draft: Draft, seen_head: str | None = None, why: str = "") -> Commit:
        """Let the branch hold the project, on top of what people committed elsewhere.

        Args:
            draft: what is published.
            seen_head: as for `publish`.
            why: the message's first line; empty for the usual one.
        """
        branch, files = draft.origin.branch, draft.files
        head = self._hub.head_of(branch)
        tree = tree_id(folder_trees(files)[""])
        if head and seen_head is None:
            if self._hub.tree_of(draft.built.folder, head) == tree:
                return Commit(head, made=False)
            self._refuse_to_overwrite(draft.built.folder, draft.origin, head)
        first = why or f"{draft.built.folder}: {'update' if head else 'add'} the measured project"
        trailers = (
            f"{TRAILER}: {draft.origin.key}",
            f"{TREE_TRAILER}: {tree}",
            self._person.trailer,
        )
        message = f"{plain(first)}\n\n{plain(draft.built.headline)}\n\n" + "\n".join(trailers)
        base = head or self._base()
        return self._hub.commit(
            branch, base, draft.built.folder, files, f"{message}\n", seen_head or head
        )

    def propose(self, draft: Draft) -> PullRequest:
        """Open the draft pull request, or bring its text up to date."""
        body = _closing(draft.text(BODY), draft.origin.number)
        base = self._hub.repository().default_branch
        title = plain(draft.text(TITLE)) or draft.built.folder
        return self._hub.put_pull(draft.origin.branch, base, title, body, marker(draft.origin.key))

    def comment(self, draft: Draft, number: int) -> None:
        """Tell at the pull request what each board measured."""
        boards = draft.folder / COMMENTS
        for path in sorted(boards.glob("*.md")) if boards.is_dir() else ():
            text = path.read_text(encoding="utf-8")
            self._hub.put_comment(number, marker(draft.origin.key, path.stem), text)

    def invite(self, number: int) -> None:
        """Label the pull request, and ask the person for a review."""
        self._hub.add_labels(number, (self._label, OURS))
        self._hub.request_review(number, self._person.login)

    def check(self, draft: Draft, head_sha: str, *, is_draft: bool) -> int | None:
        """Show the evidence beside a commit; return None where GitHub lets us not."""
        conclusion = conclude(draft.built, is_draft=is_draft)
        level = Level.FAILURE if conclusion is Conclusion.FAILURE else Level.WARNING
        annotations = tuple(
            Annotation(
                path=f"{draft.built.folder}/{line.path}",
                start_line=line.line,
                end_line=line.line,
                level=level,
                title=plain(line.title),
                message=line.message,
            )
            for line in draft.built.lines
        )
        try:
            return self._hub.put_check(
                Check(
                    name=CHECK,
                    head_sha=head_sha,
                    key=draft.origin.key,
                    title=plain(draft.built.headline),
                    summary=draft.built.summary,
                    conclusion=conclusion,
                    annotations=annotations,
                )
            )
        except Refused:
            return None

    def was_changed(self, folder: str, origin: Origin) -> bool:
        """Say whether the branch holds the folder otherwise than it was published there."""
        head = self._hub.head_of(origin.branch)
        if head is None or self._hub.tree_of(folder, head) is None:
            return False
        return not self._is_as_left(folder, origin, head)

    def _base(self) -> str:
        """Return the commit that a new branch begins at."""
        there = self._hub.repository()
        head = self._hub.head_of(there.default_branch)
        if head is None:
            raise Refused(
                f"{there.full_name} has no commit that a branch could begin at. Make a first one "
                f"on {there.default_branch}, then ask again."
            )
        return head

    def _refuse_to_overwrite(self, folder: str, origin: Origin, head: str) -> None:
        """Raise `Refused` where the folder is not as we left it."""
        if self._is_as_left(folder, origin, head):
            return
        if not self._is_ours(origin, head):
            raise Refused(
                f"The branch {origin.branch} exists and was not made for this request. Rename or "
                "delete it, then ask again."
            )
        if self._hub.tree_of(folder, head) is not None:
            raise Refused(
                f"Somebody changed {folder} on the branch {origin.branch} after it was published; "
                f"the change would be lost. Ask for a revision, which takes it into account, or "
                "rename the branch and ask again."
            )

    def _is_as_left(self, folder: str, origin: Origin, head: str) -> bool:
        changes = self._hub.changes(folder, head)
        if not changes or _trailer(changes[0].message, TRAILER) != origin.key:
            return False
        return _trailer(changes[0].message, TREE_TRAILER) == self._hub.tree_of(folder, head)

    def _is_ours(self, origin: Origin, head: str) -> bool:
        said = self._hub.changes("", head)
        return any(_trailer(change.message, TRAILER) == origin.key for change in said)


def conclude(built: Built, *, is_draft: bool) -> Conclusion:
    """Return how the check ends.

    A missed limit fails the check once a person has declared the pull request ready; before, and
    where something could not be measured, it neither passes nor fails.
    """
    if built.missed and not is_draft:
        return Conclusion.FAILURE
    if built.missed or built.unproven or built.draft:
        return Conclusion.NEUTRAL
    return Conclusion.SUCCESS


def _closing(body: str, number: int | None) -> str:
    """Return the body with the words by which merging closes the issue; they survive clipping."""
    if number is None or re.search(rf"(?i)\bcloses #{number}\b", body):
        return body
    words = f"\n\nCloses #{number}\n"
    return body[: BODY_MAX_CHARACTERS - len(words)].rstrip() + words


def _trailer(message: str, name: str) -> str:
    """Return the value of a line in the last paragraph of a commit's message; empty for none."""
    last = message.strip().split("\n\n")[-1]
    found = re.search(rf"^{re.escape(name)}: (\S+)\s*$", last, re.MULTILINE)
    return found[1] if found else ""
