"""Requests to GitHub over PyGithub: signed, spaced, bounded, and never repeated in silence.

Each answer is checked against a model; whatever else comes back is one of the three errors.
"""

from __future__ import annotations

import re
import threading
import urllib.parse
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests
import urllib3
from github import Auth
from github.Requester import Requester
from pydantic import BaseModel

from bot.github.access import Connection
from bot.github.answers import data_of, message_of, parsed, read
from bot.github.elsewhere import USER_AGENT, as_it_is, fetched
from bot.github.errors import refused, translate, unavailable
from bot.github.hub import Missing
from bot.github.signing import Leased

_API_VERSION = "2022-11-28"
_PER_PAGE = 100
_PAGES_MAX = 100
_KEPT_ANSWERS = 128
_KEPT_MAX_CHARACTERS = 200_000
_NEXT = re.compile(r'<([^<>]+)>; rel="next"')

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Nothing(BaseModel):
    """An answer whose content is of no interest."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    text: str


class Wire:
    """Sends requests, one at a time, and reads what comes back.

    All methods take first what is asked, as an infinitive such as "read acme/widget#7", which their
    errors repeat. They raise `Unavailable`, `Refused` or `Missing`.
    """

    def __init__(self, connection: Connection, auth: Auth.Auth) -> None:
        self._auth = auth
        self._base_url = connection.base_url.rstrip("/")
        self._timeout_s = connection.timeout_s
        self._requester = Requester(
            auth=auth,
            base_url=connection.base_url.rstrip("/"),
            timeout=connection.timeout_s,
            user_agent=USER_AGENT,
            per_page=_PER_PAGE,
            verify=True,
            retry=None,
            pool_size=None,
            seconds_between_requests=None,
            seconds_between_writes=connection.seconds_between_writes,
            api_version=_API_VERSION,
        )
        self._one_at_a_time = threading.RLock()
        self._kept: OrderedDict[str, _Answer] = OrderedDict()

    def get(self, asked: str, path: str, model: type[M], /, **parameters: str | int) -> M:
        """Return what stands at a path."""
        return read(asked, model, self._get(asked, _address(path, parameters)).text)

    def find(self, asked: str, path: str, model: type[M], /, **parameters: str | int) -> M | None:
        """Return what stands at a path; None where there is nothing."""
        try:
            return self.get(asked, path, model, **parameters)
        except Missing:
            return None

    def pages(
        self, asked: str, path: str, model: Any, /, **parameters: str | int
    ) -> Iterator[Any]:  # what is in a page is the model's
        """Yield the pages of a list, each read by `model`.

        The next page's address is the one that GitHub names: after a repository was renamed, ours
        would lead to the first page again and again.
        """
        address: str | None = _address(path, {"per_page": _PER_PAGE, **parameters})
        for _ in range(_PAGES_MAX):
            if address is None:
                return
            answer = self._get(asked, address)
            yield parsed(asked, model, answer.text)
            found = _NEXT.search(answer.headers.get("link", ""))
            address = found[1] if found else None
        raise refused(asked, f"the list has more than {_PAGES_MAX} pages")

    def all(self, asked: str, path: str, model: type[M], /, **parameters: str | int) -> list[M]:
        """Return all items of a list."""
        pages = self.pages(asked, path, list[model], **parameters)  # type: ignore[valid-type]
        return [item for page in pages for item in page]

    def send(
        self, verb: str, asked: str, path: str, body: Mapping[str, object] | None, model: type[M]
    ) -> M:
        """Write, once, and return the answer."""
        answer = self._ask(verb, asked, path, body=body)
        if model is Nothing:
            return model()
        return read(asked, model, answer.text)

    def download(self, asked: str, path: str, at_most: int) -> bytes:
        """Return a file that GitHub keeps elsewhere, and names in a redirection.

        The second request carries nothing of ours: whoever keeps the file needs no token of GitHub.

        Raises:
            Refused: the file is larger than `at_most` bytes, or GitHub names no place for it.
        """
        with self._one_at_a_time:
            address = self._elsewhere(asked, path)
        return fetched(asked, address, at_most, self._timeout_s)

    def graphql(
        self, asked: str, document: str, variables: Mapping[str, object], model: type[M]
    ) -> M:
        """Ask GraphQL and return its `data`."""
        body = {"query": document, "variables": dict(variables)}
        answer = self._ask("POST", asked, self._requester.graphql_url, body=body)
        return data_of(asked, answer.text, model)

    def _get(self, asked: str, address: str) -> _Answer:
        """Read, and spend nothing of the limit where it is as it was."""
        with self._one_at_a_time:
            kept = self._kept.get(address)
            headers = {"If-None-Match": kept.headers["etag"]} if kept else {}
            answer = self._ask("GET", asked, address, headers=headers)
            if answer.status == requests.codes.not_modified and kept:
                self._kept.move_to_end(address)
                return kept
            self._kept.pop(address, None)
            if "etag" in answer.headers and len(answer.text) <= _KEPT_MAX_CHARACTERS:
                self._kept[address] = answer
                if len(self._kept) > _KEPT_ANSWERS:
                    self._kept.popitem(last=False)
            return answer

    def _ask(
        self,
        verb: str,
        asked: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> _Answer:
        with self._one_at_a_time:
            answer = self._once(verb, asked, address, headers, body)
            leased = self._auth.leased if isinstance(self._auth, Leased) else None
            if answer.status == 401 and leased and leased.forget():
                # The token was withdrawn before its time; nothing was done with the request.
                answer = self._once(verb, asked, address, headers, body)
        if answer.status < 300 or (answer.status == 304 and headers):
            return answer
        raise translate(
            asked, answer.status, message_of(answer.text), answer.headers, datetime.now(UTC)
        )

    def _elsewhere(self, asked: str, path: str, again: bool = True) -> str:
        """Return where GitHub says that a file is."""
        headers = {
            "Authorization": f"{self._auth.token_type} {self._auth.token}",
            "User-Agent": USER_AGENT,
            "X-GitHub-Api-Version": _API_VERSION,
        }
        try:
            answer = requests.get(
                self._base_url + path,
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout_s,
                auth=as_it_is,
            )
        except requests.Timeout:
            raise unavailable(asked, "it did not answer in time") from None
        except requests.RequestException as error:
            raise unavailable(asked, f"the connection failed ({type(error).__name__})") from None
        leased = self._auth.leased if isinstance(self._auth, Leased) else None
        if answer.status_code == 401 and again and leased and leased.forget():
            return self._elsewhere(asked, path, again=False)
        if answer.status_code not in (301, 302, 307, 308):
            sent = {name.lower(): value for name, value in answer.headers.items()}
            words = message_of(answer.text[:10_000])
            raise translate(asked, answer.status_code, words, sent, datetime.now(UTC))
        address = urllib.parse.urljoin(self._base_url, answer.headers.get("location", ""))
        plain = "http://" if self._base_url.startswith("http://") else "https://"
        if not address.startswith(("https://", plain)):
            raise refused(asked, "it names no place that can be trusted")
        return address

    def _once(
        self,
        verb: str,
        asked: str,
        address: str,
        headers: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
    ) -> _Answer:
        try:
            status, answered, text = self._requester.requestJson(
                verb, address, headers=dict(headers or {}), input=body
            )
        except requests.Timeout:
            raise unavailable(asked, "it did not answer in time") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise unavailable(asked, f"the connection failed ({type(error).__name__})") from None
        except RuntimeError as error:  # PyGithub follows redirections on the same host alone
            raise refused(asked, f"it sent us elsewhere ({error})") from None
        return _Answer(status, {name: str(value) for name, value in answered.items()}, text)


def _address(path: str, parameters: Mapping[str, str | int]) -> str:
    query = urllib.parse.urlencode(sorted(parameters.items()))
    return f"{path}?{query}" if query else path
