"""Built: the run that built firmware, its pull request and its artifact, as GitHub tells of them.

Nothing is taken from the event that GitHub could be asked for: it may be old by now.
"""

from __future__ import annotations

import re
from typing import Any

from bot.actions.asking import Ask, Nothing, Refused, Wanted

BUNDLE = "boardwright-bundle"
_BUNDLE_BYTES_MAX = 256 * 1024 * 1024
_FILES_MAX, _PAGE = 3000, 100  # GitHub lists no more files of a pull request
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def check_head(pull: int, commit: str, ask: Ask) -> None:
    """Look that a pull request is open and still at this commit.

    Raises:
        Refused: it is not; what was approved is not what would be measured next.
    """
    now = ask(f"pulls/{pull}")
    if now["state"] != "open":
        raise Refused(f"Pull request {pull} is closed; nothing of it is measured any more.")
    head = str(now["head"]["sha"])
    if head != commit:
        raise Refused(
            f"Pull request {pull} moved on to {head[:10]}. {commit[:10]} was approved, so nothing "
            "is measured. Look at what is new, and approve the run of that commit."
        )


def pull_of_event(wanted: Wanted, ask: Ask) -> Any:
    """Return the pull request that a person named or labelled; None where it is the run's."""
    if wanted.event == "pull_request_target":
        pull = wanted.payload["pull_request"]
        check_head(pull["number"], pull["head"]["sha"], ask)
        return ask(f"pulls/{pull['number']}")
    number = wanted.inputs.get("pull", "")
    if not number:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,9}", number):
        raise Refused(f"{number[:40]!r} is no number of a pull request.")
    pull = ask(f"pulls/{number}")
    commit = wanted.inputs.get("commit", "")
    if commit:
        check_head(pull["number"], commit, ask)
    return pull


def run_of(wanted: Wanted, pull: Any, ask: Ask) -> Any:
    """Return the run of the workflow that builds, as GitHub tells of it now.

    Args:
        wanted: What this run was started for.
        pull: The pull request that a person named; None where it is the event's run.
        ask: Asks GitHub.

    Raises:
        Nothing, Refused.
    """
    if wanted.event == "workflow_run":
        run = ask(f"actions/runs/{int(wanted.payload['workflow_run']['id'])}")
    else:
        file = wanted.builds.rpartition("/")[2]
        branch = _quoted(wanted.payload["repository"]["default_branch"])
        what = f"event=push&branch={branch}"
        if commit := wanted.inputs.get("commit", ""):
            what += f"&head_sha={_quoted(commit)}"
        if pull:
            what = f"event=pull_request&head_sha={pull['head']['sha']}"
        query = f"actions/workflows/{file}/runs?status=success&{what}&per_page=1"
        runs = ask(query)["workflow_runs"]
        if not runs:
            raise Nothing("No build of this commit has succeeded yet.")
        run = runs[0]
    path = str(run["path"]).partition("@")[0]
    if path != wanted.builds or run["repository"]["full_name"] != wanted.repository:
        raise Refused(f"The run {run['id']} is not one of {wanted.builds}.")
    if run["event"] not in ("pull_request", "push"):
        raise Refused(f"The build was started by {run['event']}, which builds nothing to measure.")
    if run["status"] != "completed" or run["conclusion"] != "success":
        raise Nothing(f"The build ended with {run['conclusion']}; there is nothing to measure.")
    if not _COMMIT.fullmatch(run["head_sha"]):
        raise Refused("The build is of no commit.")
    return run


def pull_of_run(run: Any, ask: Ask) -> Any:
    """Return the open pull request of a run; GitHub does not name it where it is from a fork."""
    owner = (run["head_repository"] or {}).get("owner", {}).get("login", "")
    branch = _quoted(run["head_branch"] or "")
    pulls = ask(f"pulls?state=open&head={_quoted(owner)}:{branch}&per_page=100")
    for pull in pulls:
        if pull["head"]["sha"] == run["head_sha"]:
            return ask(f"pulls/{pull['number']}")
    raise Nothing("The pull request is closed, or has moved on since this was built.")


def check_pull(pull: Any, run: Any, ask: Ask) -> None:
    """Look that what was built is the head, and was built by the workflow of the base branch."""
    number = pull["number"]
    check_head(number, run["head_sha"], ask)
    if pull["changed_files"] > _FILES_MAX:
        raise Refused(f"Pull request {number} changes more than {_FILES_MAX:,} files.")
    for page in range(1, -(-pull["changed_files"] // _PAGE) + 1):
        for file in ask(f"pulls/{number}/files?per_page={_PAGE}&page={page}"):
            for path in (file["filename"], file.get("previous_filename", "")):
                if path.lower().startswith(".github/"):
                    raise Refused(
                        f"Pull request {number} changes {path[:80]!r}, and with it perhaps how "
                        "firmware is built. It is measured when that has been merged by itself."
                    )


def artifact_of(run: Any, ask: Ask) -> Any:
    """Return the bundle that a run left. Raises Nothing or Refused."""
    found = ask(f"actions/runs/{run['id']}/artifacts?name={BUNDLE}&per_page=2")["artifacts"]
    if not found:
        raise Nothing("The build left no firmware: no project is changed, or more than one.")
    if len(found) > 1:
        raise Refused(f"The build left more than one {BUNDLE}.")
    artifact = found[0]
    if artifact["expired"]:
        raise Refused("The firmware was kept for its time, and is gone. Run the build again.")
    if artifact["size_in_bytes"] > _BUNDLE_BYTES_MAX:
        raise Refused(f"The firmware takes {artifact['size_in_bytes']:,} bytes, which is too much.")
    if not _DIGEST.fullmatch(artifact.get("digest") or ""):
        raise Refused("GitHub does not tell the digest of the firmware.")
    return artifact


def _quoted(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), text)
