"""Files that GitHub keeps elsewhere, at an address that it names."""

from __future__ import annotations

import requests
import urllib3

from bot.github.errors import refused, unavailable

USER_AGENT = "boardwright"
_PORTION_BYTES = 64 * 1024


def as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials; without this, those of a .netrc file would go along."""
    return request


def fetched(asked: str, address: str, at_most: int, timeout_s: int) -> bytes:
    """Fetch a file of bounded size, without credentials, cookies or further redirections."""
    got = bytearray()
    try:
        with requests.get(
            address,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            allow_redirects=False,
            stream=True,
            timeout=timeout_s,
            auth=as_it_is,
        ) as answer:
            if answer.status_code != requests.codes.ok:
                why = f"the place that it named answered with HTTP {answer.status_code}"
                raise unavailable(asked, why)
            for portion in answer.iter_content(_PORTION_BYTES):
                got += portion
                if len(got) > at_most:
                    raise refused(asked, f"it is larger than {at_most:,} bytes")
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise unavailable(asked, f"the connection failed ({type(error).__name__})") from None
    return bytes(got)
