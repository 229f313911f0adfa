"""Names: of jobs, and which issue a branch or a key of ours belongs to."""

from __future__ import annotations

import re

_ISSUE_OF_KEY = re.compile(r"issue-(\d{1,10})(?:-|$)")
_BRANCH = "boardwright/"


def issue_of_key(key: str) -> int | None:
    """Return the issue that a key of ours belongs to."""
    found = _ISSUE_OF_KEY.match(key)
    return int(found[1]) if found else None


def issue_of_branch(branch: str) -> int | None:
    """Return the issue that a branch of ours belongs to; None where it is none of ours."""
    return issue_of_key(branch.removeprefix(_BRANCH)) if branch.startswith(_BRANCH) else None


def job_prefix(repository: str, number: int | None = None) -> str:
    """Return how the names of all jobs of an issue, or of a repository, begin."""
    name = repository.lower()
    return f"{name}#" if number is None else f"{name}#{number}/"
