"""The emulator with our corrections behaves as GitHub does, by facts that are not ours."""

from __future__ import annotations

from tests.github.emulator.server import HubServer


def test_an_issue_with_a_label_is_told_by_signed_webhooks(hub_server: HubServer) -> None:
    issue = hub_server.person("maint").open_issue("A gate", "Hello", ["tinyml"])
    names = [d.name for d in hub_server.deliveries()]
    assert names == ["issues.opened", "issues.labeled"]
    assert issue.number == 1
