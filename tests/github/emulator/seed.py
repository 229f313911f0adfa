"""Who and what there is on the GitHub of the tests."""

from __future__ import annotations

from collections.abc import Mapping

SECRET = "the secret of the webhooks of the tests"  # noqa: S105 - guards nothing
APP_ID = 4242
INSTALLATION_ID = 777
SLUG = "boardwright"
ACTIONS_APP_ID, ACTIONS_INSTALLATION_ID = 15368, 778
"""The app in whose name workflows write: github-actions[bot]. Source: GitHub's check runs."""
ORG = "acme"
PUBLIC = "acme/widget"
PRIVATE = "acme/secret"
# What a person may do in both repositories; `owner` owns the organisation, `visitor` is a stranger.
ROLES = {"maint": "push", "triager": "triage", "reader": "pull"}
PEOPLE = ("owner", *ROLES, "visitor")
PERMISSIONS: Mapping[str, str] = {
    "actions": "write",
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
EVENTS = (
    "check_run",
    "check_suite",
    "create",
    "delete",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
    "workflow_run",
)


def token_of(login: str) -> str:
    """Return the personal token of a person."""
    return f"ghp_{login}"


def seed(webhook_url: str, private_key: str) -> dict[str, object]:
    """Return the emulator's seed; webhooks of the app go to `webhook_url`."""
    return {
        "tokens": {token_of(p): {"login": p, "scopes": ["repo", "admin:org"]} for p in PEOPLE},
        "github": {
            "users": [{"login": login} for login in PEOPLE],
            "orgs": [
                {"login": ORG, "name": "Acme", "members": [{"login": "owner", "role": "admin"}]}
            ],
            "repos": [
                {"owner": ORG, "name": "widget", "description": "A widget"},
                {"owner": ORG, "name": "secret", "private": True},
            ],
            "apps": [
                {
                    "app_id": APP_ID,
                    "slug": SLUG,
                    "name": "Boardwright",
                    "private_key": private_key,
                    "permissions": dict(PERMISSIONS),
                    "events": list(EVENTS),
                    "webhook_url": webhook_url,
                    "webhook_secret": SECRET,
                    "installations": [{"installation_id": INSTALLATION_ID, "account": ORG}],
                },
                {
                    "app_id": ACTIONS_APP_ID,
                    "slug": "github-actions",
                    "name": "GitHub Actions",
                    "private_key": private_key,
                    "permissions": dict(PERMISSIONS),
                    "events": [],
                    "installations": [{"installation_id": ACTIONS_INSTALLATION_ID, "account": ORG}],
                },
            ],
        },
        # Roles cannot be seeded in the emulator; the launcher sets them after each reset.
        "collaborators": [
            {"repository": name, "login": login, "permission": role}
            for name in (PUBLIC, PRIVATE)
            for login, role in ROLES.items()
        ],
    }
