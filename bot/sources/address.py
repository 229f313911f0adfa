"""Web addresses of data: `https://<host>/<path>.csv`, `.npz` or `.zip`, and what is said of them.

Behind `#` stand, joined by `&`, `sha256=<64 hexadecimal digits>`, which the file must have, and for
sounds `samples=<number>`, as in `wav:<folder>#<number>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit, urlunsplit

from bot.errors import SourceError
from bot.rendering.text import code

SUFFIXES = (".csv", ".npz", ".zip")
EXAMPLE = "https://data.example.org/fruit.csv"
HTTPS_PORT = 443

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f]*:[0-9a-f:.]+")
_NAME = re.compile(r"[\w .()+-]{1,120}")
_SAYS = re.compile(r"sha256=([0-9a-f]{64})|samples=([0-9]{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a file is to be fetched.

    Attributes:
        url: without what stands behind `#`.
        host: in lower case; of an IPv6 address without brackets.
        name: the file's name.
        sha256: what the file must have, in lower case; None where the request does not say.
        samples: how many samples of each sound are taken; None where all are.
    """

    url: str
    host: str
    port: int
    name: str
    sha256: str | None = None
    samples: int | None = None

    @property
    def authority(self) -> str:
        """Return host and port, as `allowed_hosts` lists them: without the usual port."""
        return authority(self.host, self.port)

    def pinned(self, sha256: str, samples: int | None) -> str:
        """Return the address with a hash: it names this content, and no other."""
        length = "" if samples is None else f"&samples={samples}"
        return f"{self.url}#sha256={sha256}{length}"


def authority(host: str, port: int) -> str:
    """Return host and port as they stand in an address, the port only where it is not 443."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port == HTTPS_PORT else f"{shown}:{port}"


def read_address(uri: str) -> Address:
    """Take the address of a data file apart.

    Raises:
        SourceError: it is no plain `https` address of a kind of file that is read.
    """
    host, port = read_host(uri)
    parts = urlsplit(uri)
    name = PurePosixPath(unquote(parts.path)).name
    if not name.lower().endswith(SUFFIXES) or not _NAME.fullmatch(name):
        raise SourceError(
            f"{code(uri[:120])} does not end with the name of a data file.",
            f"Its path must end with one of {', '.join(code(s) for s in SUFFIXES)}, such as "
            f"{code(EXAMPLE)}.",
            "Data",
        )
    sha256, samples = _said(parts.fragment)
    url = urlunsplit(parts._replace(fragment=""))
    return Address(url, host, port, name, sha256, samples)


def read_host(url: str) -> tuple[str, int]:
    """Return host and port of an address.

    Raises:
        SourceError: it is no plain `https` address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or HTTPS_PORT
    except ValueError:
        raise _not_plain(url) from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if parts.scheme != "https" or "@" in parts.netloc or not plain or not _HOST.fullmatch(host):
        raise _not_plain(url)
    return host, port


def _not_plain(url: str) -> SourceError:
    return SourceError(
        f"{code(url[:120])} is no plain address that data can be fetched from.",
        f"Write `https://`, a host and a path, without name or password, such as {code(EXAMPLE)}.",
        "Data",
    )


def _said(fragment: str) -> tuple[str | None, int | None]:
    sha256: str | None = None
    samples: int | None = None
    for part in filter(None, fragment.split("&")):
        found = _SAYS.fullmatch(part)
        if found is None:
            raise SourceError(
                f"{code('#' + part[:80])} says nothing that is known of data.",
                "Behind `#` may stand `sha256=` with 64 hexadecimal digits, and for sounds "
                "`samples=` with how many of each are taken.",
                "Data",
            )
        if found[1]:
            sha256 = found[1].lower()
        else:
            samples = int(found[2])
    return sha256, samples
