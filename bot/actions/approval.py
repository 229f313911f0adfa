"""Approval: did a person agree that the firmware of this very commit goes into the boards?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from bot.actions.asking import Absent, Ask, Refused

ENVIRONMENT = "boardwright-bench"
LABEL = "boardwright: measure"
_EVENTS_PAGES, _PAGE = 10, 100
_MAY_WRITE = frozenset({"admin", "write"})  # "maintain" reads as "write" here


class Approval(Enum):
    """How a commit is approved."""

    GIVEN = "given"
    ENVIRONMENT = "environment"  # a job waits for the environment's reviewers
    MISSING = "missing"


def approval_of(
    event: str,
    payload: Mapping[str, Any],
    by_label: bool,
    pull: Any,
    run: Any,
    ask: Ask,
) -> Approval:
    """Return how the head of a pull request is approved.

    Args:
        event: By which this was started.
        payload: Of the event.
        by_label: Whether a label approves, instead of the environment's reviewers.
        pull: As GitHub tells of it.
        run: The build, whose `created_at` tells when its commit was pushed at the latest.
        ask: Asks GitHub.

    Raises:
        Refused: the environment asks nobody.
    """
    if not by_label:
        _check_environment(ask)
        return Approval.ENVIRONMENT
    if event == "workflow_dispatch":
        # Only who may write can start it. The commit, which was compared, says what was looked at.
        return Approval.GIVEN if payload["inputs"].get("commit") else Approval.MISSING
    if event == "pull_request_target":
        # The commit is the one of the event, which was compared: what was there when it was set.
        ours = payload["label"]["name"] == LABEL
        return _by(payload["sender"], ask) if ours else Approval.MISSING
    if LABEL not in {label["name"] for label in pull["labels"]}:
        return Approval.MISSING
    labelled = _last_labelling(pull["number"], run["created_at"], ask)
    # A label that was there before the commit says nothing of the commit.
    if labelled is None or labelled["created_at"] <= run["created_at"]:
        return Approval.MISSING
    return _by(labelled["actor"], ask)


def _check_environment(ask: Ask) -> None:
    """Look that somebody is asked; GitHub makes an environment without rules for whoever names one.

    Source: https://docs.github.com/rest/deployments/environments
    """
    try:
        rules = ask(f"environments/{ENVIRONMENT}").get("protection_rules") or []
    except Absent:
        rules = []
    if not any(r.get("type") == "required_reviewers" and r.get("reviewers") for r in rules):
        raise Refused(
            f"Nobody would be asked: give the environment {ENVIRONMENT} required reviewers, or set "
            "the variable BOARDWRIGHT_APPROVAL to label; docs/hardware.md tells how."
        )


def _last_labelling(number: int, built: str, ask: Ask) -> Any:
    """Return when the label was set last; None where it may have been set on another head.

    A head that was built, replaced by an innocent one, labelled as that, and then put back is the
    head again, and older than its label. It cannot come back without a forced push.
    Source: https://docs.github.com/rest/using-the-rest-api/issue-event-types
    """
    found = None
    for page in range(1, _EVENTS_PAGES + 1):
        events = ask(f"issues/{number}/events?per_page={_PAGE}&page={page}")
        for one in events:
            if one["event"] == "head_ref_force_pushed" and one["created_at"] > built:
                return None
            if one["event"] == "labeled" and one["label"]["name"] == LABEL:
                found = one
        if len(events) < _PAGE:
            return found
    return None  # with so many events, the last ones are not seen


def _by(person: Any, ask: Ask) -> Approval:
    """Return what it means that this person approves: people with write permission may."""
    if not person or person["type"] != "User":
        return Approval.MISSING
    try:
        told = ask(f"collaborators/{person['login']}/permission")
    except Absent:
        return Approval.MISSING
    return Approval.GIVEN if told["permission"] in _MAY_WRITE else Approval.MISSING
