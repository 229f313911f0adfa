"""GitHub for tests: npm's `emulate` with our corrections, over real HTTP.

    def test_it_comments(hub_server: HubServer) -> None:
        issue = hub_server.person("maint").open_issue("A gate", labels=["tinyml"])
        ...                                      # the code under test, pointed at hub_server.url
        assert [c.user.login for c in issue.get_comments()] == ["boardwright[bot]"]

`hub_server` (tests/github/emulator/server.py) has repositories acme/widget (public) and acme/secret
(private), the people owner (admin), maint (write), triager, reader and visitor (no role), and the
app boardwright, installed in all of acme: `hub_server.app_id`, `.private_key`, `.installation_id`.
Each test begins with an empty one. `hub_server.deliveries("issues.opened")` waits for webhooks, so
no test sleeps; `hub_server.forward(url_or_function)` hands them on to the app under test;
`hub_server.fault(...)` lets requests fail; `hub_server.log()` tells who asked what.

Every request by `requests`, and so by PyGithub, is held against GitHub's own OpenAPI description,
every GraphQL document against GitHub's schema: a test that sends anything else fails (contract.py).

`service` (service.py) stands before it: web server and worker of the service under test, started
once, to which webhooks are handed on; the journeys in test_journey*.py walk through both.

Other folders use it by `from tests.github.fixtures import *` in their conftest.py. Install: sh
scripts/github-emulator.sh
"""

from __future__ import annotations

from tests.github.fixtures import _github_contract, _github_parts, hub_server
from tests.github.service import _service_parts, service

__all__ = ["_github_contract", "_github_parts", "_service_parts", "hub_server", "service"]
