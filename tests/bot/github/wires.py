"""GitHub's answers scripted, and the network cut, below PyGithub: nothing leaves the process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

Send = Callable[..., requests.Response]
AGENT = "boardwright"


def respond(
    request: requests.PreparedRequest,
    status: int,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    cut: bool = False,
) -> requests.Response:
    """Return an answer as if it came over the network; `cut`: half of what it announces."""
    content = b"" if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json", "content-length": str(len(content))}
    raw = HTTPResponse(
        body=io.BytesIO(content[: len(content) // 2] if cut else content),
        headers={**sent, **(headers or {})},
        status=status,
        preload_content=False,
        request_method=request.method,
    )
    return HTTPAdapter().build_response(request, raw)


@dataclass
class Script:
    """Answers by "VERB /path?query"; a list is used up one by one, its last entry stays."""

    answers: dict[str, list[tuple[int, object, Mapping[str, str]]]] = field(default_factory=dict)
    asked: list[requests.PreparedRequest] = field(default_factory=list)

    def on(
        self, line: str, status: int, body: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.answers.setdefault(line, []).append((status, body, headers or {}))

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        self.asked.append(request)
        line = f"{request.method} {request.path_url}"
        planned = self.answers.get(line)
        if planned is None:
            return respond(request, 404, {"message": f"Not Found: {line}"})
        status, body, headers = planned.pop(0) if len(planned) > 1 else planned[0]
        return respond(request, status, body, headers)

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.path_url}" for request in self.asked]


class Cut(Enum):
    """How a call goes wrong; all but the last two happen instead of it, those after it."""

    FORBIDDEN = "403"
    ABSENT = "404"
    INVALID = "422"
    SLOW_DOWN = "429"
    SECONDARY = "403 secondary limit"
    BROKEN = "500"
    GATEWAY = "502"
    UNHEARD = "no answer, nothing done"
    UNANSWERED = "done, no answer"
    HALVED = "done, half an answer"


_STATUS = {
    Cut.FORBIDDEN: (403, "Resource not accessible by integration", {}),
    Cut.ABSENT: (404, "Not Found", {}),
    Cut.INVALID: (422, "Validation Failed", {}),
    Cut.SLOW_DOWN: (429, "Too many requests", {"retry-after": "7"}),
    Cut.SECONDARY: (403, "You have exceeded a secondary rate limit.", {"retry-after": "7"}),
    Cut.BROKEN: (500, "Server Error", {}),
    Cut.GATEWAY: (502, "Bad Gateway", {}),
}


@dataclass
class Interruption:
    """Lets the n-th request of the service, from 1, go wrong; counts all of them.

    `hit` says whether anything went wrong: an answer without a content cannot be halved.
    """

    real: Send
    nth: int = 0
    cut: Cut = Cut.BROKEN
    hit: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def method(self) -> Send:
        """Return `send` as a function, which a class turns into a method of its own."""

        def send(
            adapter: HTTPAdapter, request: requests.PreparedRequest, **options: object
        ) -> requests.Response:
            return self.send(adapter, request, **options)

        return send

    def send(
        self, adapter: HTTPAdapter, request: requests.PreparedRequest, **options: object
    ) -> requests.Response:
        if request.headers.get("User-Agent") != AGENT:
            return self.real(adapter, request, **options)
        self.lines.append(f"{request.method} {request.path_url}")
        if len(self.lines) != self.nth:
            return self.real(adapter, request, **options)
        self.hit = True
        if self.cut in _STATUS:
            status, message, headers = _STATUS[self.cut]
            return respond(request, status, {"message": message}, headers)
        if self.cut is Cut.UNHEARD:
            raise requests.ConnectTimeout(request=request)
        done = self.real(adapter, request, **options)
        if self.cut is Cut.UNANSWERED:
            raise requests.ReadTimeout(request=request)
        if not done.content:
            self.hit = False
            return done
        return respond(request, done.status_code, done.json(), cut=True)
