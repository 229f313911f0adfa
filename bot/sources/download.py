"""Downloads: fetch a data file from a host that `boardwright.toml` allows, and keep it by its hash.

The harness fetches; authored code never has a network. Only `https`, with certificates checked
against the system's authorities. Each step of a redirection must lead to an allowed host, too. A
name that leads to a private address (loopback, link-local, a local network) is refused, unless
that address itself stands in `allowed_hosts`. The connection goes to the very address that was
looked at, so a name cannot change its meaning in between. Proxies of the environment are not used:
they would look the name up themselves.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2

from bot.errors import Infrastructure, SourceError
from bot.rendering.text import code
from bot.sources.address import Address, authority, read_host
from bot.workspace import write_atomically

FILE_MAX_BYTES = 64 * 1024 * 1024
REDIRECTS_MAX = 5
SILENCE_MAX_S = 30.0
WHOLE_MAX_S = 600.0
_REDIRECTS = (301, 302, 303, 307, 308)
# Ways to write an IPv4 address of somebody's own network as IPv6: RFC 8215, and RFC 4291, 2.5.5.1.
_WRAPPING = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("::/96"))
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as numbers.

    Raises:
        OSError: it has none, or nobody answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Downloads:
    """From where data may be fetched, and where they are kept.

    Attributes:
        allowed_hosts: `host` or `host:port`, in lower case, as `boardwright.toml` lists them.
        folder: one file for each content, named by its SHA-256.
        look_up: returns the addresses of a host, as numbers.
    """

    allowed_hosts: tuple[str, ...]
    folder: Path
    look_up: Callable[[str, int], list[str]] = look_up


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, now or before."""

    path: Path
    sha256: str
    size: int


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where fetched data are kept. Source: XDG base directories, `$XDG_CACHE_HOME`."""
    usual = Path("Library/Caches") if sys.platform == "darwin" else Path(".cache")
    said = environment.get("XDG_CACHE_HOME", "")
    base = Path(said) if said.startswith("/") else Path.home() / usual
    return base / "boardwright" / "data"


def fetch(
    address: Address, downloads: Downloads, clock: Callable[[], float] = time.monotonic
) -> Fetched:
    """Fetch a file, or take what is kept of it where the request names its hash.

    Raises:
        SourceError: the host is not allowed, or what it sends cannot be used.
        Infrastructure: it cannot be reached, or is at fault.
    """
    _check_host(address.host, address.port, downloads)
    if address.sha256 and (kept := _kept(downloads.folder / address.sha256)):
        return kept
    content = _follow(address.url, downloads, clock() + WHOLE_MAX_S, clock)
    found = hashlib.sha256(content).hexdigest()
    if address.sha256 not in (None, found):
        raise SourceError(
            f"{code(address.url)} has the SHA-256 {code(found)}, not {code(address.sha256 or '')}, "
            "which the request names.",
            "The file is another one now, or was damaged. If it is the right one, name its hash.",
            "Data",
        )
    downloads.folder.mkdir(parents=True, exist_ok=True)
    write_atomically(downloads.folder / found, content)
    return Fetched(downloads.folder / found, found, len(content))


def _kept(path: Path) -> Fetched | None:
    """Return a kept file, if it still has the hash that it is named by."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    found = hashlib.sha256(content).hexdigest()
    return Fetched(path, found, len(content)) if found == path.name else None


def _check_host(host: str, port: int, downloads: Downloads, led_by: str = "") -> None:
    name = authority(host, port)
    if name in downloads.allowed_hosts:
        return
    led = f"{code(led_by)} leads on to {code(name)}, which" if led_by else code(name)
    raise SourceError(
        f"{led} is not among the hosts that data may be fetched from.",
        f'Whoever runs Boardwright may allow it: `allowed_hosts = ["{name}"]` in the table '
        "`[data]` of boardwright.toml, beside hosts that are listed there already. Or put the "
        "file beside the request.",
        "Data",
    )


def _follow(url: str, downloads: Downloads, until: float, clock: Callable[[], float]) -> bytes:
    """Return the content behind an address, and behind those that it leads on to."""
    # The system's authorities; SSL_CERT_FILE and SSL_CERT_DIR name others, as everywhere.
    context = ssl.create_default_context()
    timeout = httpx2.Timeout(SILENCE_MAX_S)
    before = ""
    with httpx2.Client(verify=context, timeout=timeout, trust_env=False) as client:
        for _ in range(REDIRECTS_MAX + 1):
            host, port = read_host(url)
            _check_host(host, port, downloads, before)
            with closing(_open(client, url, host, port, downloads)) as response:
                if response.status_code not in _REDIRECTS:
                    return _content(response, url, until, clock)
                before, url = url, urljoin(url, response.headers.get("location", ""))
    raise SourceError(
        f"{code(before)} leads from one address to the next more than {REDIRECTS_MAX} times.",
        "Name the address where it ends.",
        "Data",
    )


def _open(
    client: httpx2.Client, url: str, host: str, port: int, downloads: Downloads
) -> httpx2.Response:
    """Ask for a file at the addresses of its host, one after the other; the answer is unread."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    trouble = ""
    for ip in _addresses(host, port, downloads):
        request = client.build_request(
            "GET",
            f"https://{f'[{ip}]' if ':' in ip else ip}:{port}{target}",
            headers={"Host": authority(host, port), "Accept-Encoding": "identity"},
            extensions={"sni_hostname": host},
        )
        try:
            return client.send(request, stream=True)
        except httpx2.TransportError as error:
            trouble = str(error) or type(error).__name__
    raise Infrastructure(
        f"{authority(host, port)} cannot be reached to fetch data: {trouble}. Trying again may do."
    )


def _addresses(host: str, port: int, downloads: Downloads) -> list[str]:
    """Return the addresses of a host that may be connected to."""
    try:
        numbers = downloads.look_up(host, port)
    except OSError as error:
        raise Infrastructure(f"The address of {host} cannot be found: {error}.") from None
    listed = {item.rpartition(":")[0] or item for item in downloads.allowed_hosts}
    listed |= set(downloads.allowed_hosts)
    usable = [ip for ip in numbers if is_public(ip) or {ip, f"[{ip}]"} & listed]
    if not usable:
        raise SourceError(
            f"{code(host)} leads to {code(numbers[0])}, an address of this machine or of its own "
            "network.",
            "Name a public host; or whoever runs Boardwright lists this address in "
            "`allowed_hosts`, too.",
            "Data",
        )
    return usable


def is_public(ip: str) -> bool:
    """Say whether an address belongs to the public internet, also one that wraps another."""
    number = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        if number.sixtofour or number.teredo or any(number in net for net in _WRAPPING):
            return False
        wrapped = number.ipv4_mapped
        if number in _TRANSLATED:
            wrapped = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        number = wrapped or number
    return number.is_global and not number.is_multicast


def _content(
    response: httpx2.Response, url: str, until: float, clock: Callable[[], float]
) -> bytes:
    """Read an answer to its end, within the limits of size and time."""
    if response.status_code != 200:
        answer = f"{code(url)} answers {response.status_code} {response.reason_phrase}".rstrip()
        if response.status_code >= 500 or response.status_code == 429:
            raise Infrastructure(f"{answer}. Trying again later may do.")
        raise SourceError(f"{answer}.", "Correct the address.", "Data")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise SourceError(
            f"{code(url)} is sent packed, though it was asked for as it is.",
            "Name an address that sends the file itself.",
            "Data",
        )
    size = response.headers.get("content-length", "")
    content = bytearray()
    if size.isdigit() and int(size) > FILE_MAX_BYTES:
        raise _too_large(url)
    try:
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > FILE_MAX_BYTES:
                raise _too_large(url)
            if clock() > until:
                raise Infrastructure(
                    f"{url} did not come to its end within {WHOLE_MAX_S:.0f} seconds."
                )
    except httpx2.TransportError as error:
        raise Infrastructure(
            f"{url} broke off after {len(content):,} bytes: {error}. Trying again may do."
        ) from None
    return bytes(content)


def _too_large(url: str) -> SourceError:
    return SourceError(
        f"{code(url)} has more than {FILE_MAX_BYTES // 1024**2} MB, which is the most that is "
        "fetched.",
        "Take a part of the records.",
        "Data",
    )
