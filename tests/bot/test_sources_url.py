"""Data on the web: what is fetched, from whom, and what is refused. Servers are on loopback."""

from __future__ import annotations

import hashlib
import io
import shutil
import ssl
import stat
import subprocess
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot import sources
from bot.errors import Infrastructure, SourceError
from bot.goal import DataSource, Task
from bot.llm.settings import read_settings
from bot.questions import Questions
from bot.request import Request
from bot.sources import download
from bot.sources.address import read_address
from bot.sources.download import Downloads, cache_folder, fetch, is_public
from bot.sources.web import load
from bot.sources.zip_folder import unpack
from bot.stages.goal_header import goal_toml
from bot.understand import Understood, understand
from tests.bot.test_sources_files import png, wav

HEX = "0" * 64


def table(rows: int = 12) -> bytes:
    kinds = (("apple", 0), ("plum", 1000))
    lines = [f"{base + i},{i % 7},{kind}" for kind, base in kinds for i in range(rows)]
    return ("red,green,fruit\n" + "\n".join(lines) + "\n").encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, one in files.items():
            packed.writestr(name, one)
    return content.getvalue()


@dataclass
class Site:
    """What a server answers by path, and what it was asked."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    says_bytes: int | None = None  # as announced; -1: nothing is
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.port}/{path}"

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Start a server with a certificate that only this test trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=loopback", "-keyout", key, "-out", certificate),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:data.example.org"),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    site = Site()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].lstrip("/")
            site.asked.append((self.path, self.headers["Host"]))
            if path in site.leads:
                self.send_response(302)
                self.send_header("Location", site.leads[path])
                self.end_headers()
                return
            content = site.files.get(path)
            self.send_response(site.status.get(path, 404 if content is None else 200))
            size = len(content or b"") if site.says_bytes is None else site.says_bytes
            if size >= 0:
                self.send_header("Content-Length", str(size))
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def downloads(site: Site, tmp_path: Path) -> Downloads:
    return Downloads((site.name,), tmp_path / "cache")


def test_a_table_is_fetched_and_known_by_its_hash(site: Site, downloads: Downloads) -> None:
    site.files["fruit.csv"] = table()
    loaded = load(site.url("fruit.csv"), None, downloads)
    sha256 = hashlib.sha256(table()).hexdigest()
    assert loaded.records.uri == f"{site.url('fruit.csv')}#sha256={sha256}"
    assert (loaded.labels, loaded.task) == (("apple", "plum"), Task.TABULAR_SENSOR)
    assert (loaded.records.label_column, loaded.name) == ("fruit", "fruit")
    assert loaded.fetched_bytes == len(table())
    assert (downloads.folder / sha256).read_bytes() == table()


def test_named_by_its_hash_a_file_is_fetched_once(site: Site, downloads: Downloads) -> None:
    site.files["fruit.csv"] = table()
    pinned = load(site.url("fruit.csv"), None, downloads).records.uri
    load(pinned, None, downloads)
    assert len(site.asked) == 1
    load(site.url("fruit.csv"), None, downloads)
    assert len(site.asked) == 2


def test_what_is_kept_is_fetched_again_where_it_was_damaged(
    site: Site, downloads: Downloads
) -> None:
    site.files["fruit.csv"] = table()
    pinned = load(site.url("fruit.csv"), None, downloads).records.uri
    kept = downloads.folder / hashlib.sha256(table()).hexdigest()
    kept.write_bytes(b"1,2,pear\n")
    load(pinned, None, downloads)
    assert kept.read_bytes() == table()


def test_another_content_than_the_request_names_is_refused(
    site: Site, downloads: Downloads
) -> None:
    site.files["fruit.csv"] = table()
    with pytest.raises(SourceError, match="not `0000") as caught:
        load(f"{site.url('fruit.csv')}#sha256={HEX}", None, downloads)
    assert hashlib.sha256(table()).hexdigest() in caught.value.problem
    assert not downloads.folder.exists()


def test_arrays_and_their_query(site: Site, downloads: Downloads) -> None:
    content = io.BytesIO()
    x = np.random.default_rng(0).normal(size=(24, 10, 3)).astype(np.float32)
    np.savez(content, x=x, y=np.array(["a", "b"] * 12))
    site.files["windows.npz"] = content.getvalue()
    loaded = load(site.url("windows.npz?download=1"), None, downloads)
    assert (loaded.task, loaded.raw.shape) == (Task.MOTION, (10, 3))
    assert site.asked[0][0] == "/windows.npz?download=1"
    assert DataSource(uri=loaded.records.uri).kind == "npz"


def test_pictures_in_an_archive(site: Site, downloads: Downloads) -> None:
    random = np.random.default_rng(0)
    files = {
        f"pets/{label}/{i}.png": png(random.integers(0, 255, (5, 4)).astype(np.uint8))
        for label in ("cat", "dog")
        for i in range(10)
    }
    site.files["pets.zip"] = archive(
        {**files, "pets/README.txt": b"-", "__MACOSX/pets/cat/0.png": b"-", "pets/.DS_Store": b"-"}
    )
    loaded = load(site.url("pets.zip"), None, downloads)
    assert (loaded.task, loaded.raw.shape) == (Task.IMAGE_CLASSIFICATION, (5, 4))
    assert loaded.labels == ("cat", "dog")
    assert set(loaded.records.files("train")) == {f"train/{name[5:]}" for name in files}


def test_sounds_in_an_archive_cut_to_one_length(site: Site, downloads: Downloads) -> None:
    random = np.random.default_rng(0)
    site.files["words.zip"] = archive(
        {
            f"{label}/{i}.wav": wav(random.integers(-900, 900, 80 + i).astype(np.int16))
            for label in ("go", "halt")
            for i in range(10)
        }
    )
    with pytest.raises(SourceError, match="&samples="):
        load(site.url("words.zip"), None, downloads)
    loaded = load(f"{site.url('words.zip')}#samples=64", None, downloads)
    assert (loaded.task, loaded.raw.shape) == (Task.KEYWORD_SPOTTING, (64,))
    again = load(loaded.records.uri, None, downloads)
    assert again.records.uri == loaded.records.uri
    assert loaded.records.uri.endswith("&samples=64")


def test_a_host_that_is_not_allowed_is_never_asked(site: Site, tmp_path: Path) -> None:
    site.files["fruit.csv"] = table()
    elsewhere = Downloads(("data.example.org", "127.0.0.1"), tmp_path)
    with pytest.raises(SourceError, match="not among the hosts") as caught:
        load(site.url("fruit.csv"), None, elsewhere)
    assert f'allowed_hosts = ["{site.name}"]' in caught.value.cure
    assert "boardwright.toml" in caught.value.cure
    assert not site.asked


def test_a_kept_file_needs_its_host_to_be_allowed_too(site: Site, downloads: Downloads) -> None:
    site.files["fruit.csv"] = table()
    pinned = load(site.url("fruit.csv"), None, downloads).records.uri
    with pytest.raises(SourceError, match="not among the hosts"):
        load(pinned, None, Downloads((), downloads.folder))


def test_redirections_lead_on_within_allowed_hosts(site: Site, downloads: Downloads) -> None:
    site.files["fruit.csv"] = table()
    site.leads = {"old.csv": "/new.csv", "new.csv": site.url("fruit.csv")}
    assert load(site.url("old.csv"), None, downloads).labels == ("apple", "plum")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("https://other.example.org/fruit.csv", "leads on to `other.example.org`"),
        ("http://127.0.0.1/fruit.csv", "no plain address"),
        ("file:///etc/passwd", "no plain address"),
        ("//169.254.169.254/latest", "leads on to `169.254.169.254`"),
        ("/old.csv", "more than 5 times"),
    ],
)
def test_redirections_lead_nowhere_else(
    site: Site, downloads: Downloads, target: str, message: str
) -> None:
    site.leads = {"old.csv": target}
    with pytest.raises(SourceError, match=message):
        load(site.url("old.csv"), None, downloads)


def leads_inside(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def test_a_name_that_leads_inside_is_refused(site: Site, tmp_path: Path) -> None:
    site.files["fruit.csv"] = table()
    name = f"data.example.org:{site.port}"
    with pytest.raises(SourceError, match=r"leads to `127\.0\.0\.1`"):
        load(
            f"https://{name}/fruit.csv", None, Downloads((name,), tmp_path / "cache", leads_inside)
        )
    assert not site.asked


def test_a_name_may_lead_to_an_address_that_is_listed_itself(site: Site, tmp_path: Path) -> None:
    """The certificate is that of the name, and the server is asked for the name."""
    site.files["fruit.csv"] = table()
    name = f"data.example.org:{site.port}"
    allowed = Downloads((name, "127.0.0.1"), tmp_path / "cache", leads_inside)
    assert load(f"https://{name}/fruit.csv", None, allowed).labels == ("apple", "plum")
    assert site.asked[0][1] == name


def test_a_certificate_of_another_name_is_refused(site: Site, tmp_path: Path) -> None:
    name = f"impostor.example.org:{site.port}"
    allowed = Downloads((name, "127.0.0.1"), tmp_path / "cache", leads_inside)
    with pytest.raises(Infrastructure, match=r"cannot be reached.*CERTIFICATE_VERIFY_FAILED"):
        load(f"https://{name}/fruit.csv", None, allowed)
    assert not site.asked


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104  (an address to refuse)
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
    ],
)
def test_which_addresses_are_public(ip: str, expected: bool) -> None:
    assert is_public(ip) is expected


@pytest.mark.parametrize(
    ("status", "error"), [(404, SourceError), (403, SourceError), (429, Infrastructure)]
)
def test_what_a_server_refuses(
    site: Site, downloads: Downloads, status: int, error: type[Exception]
) -> None:
    site.status["fruit.csv"] = status
    with pytest.raises(error, match=f"answers {status}"):
        load(site.url("fruit.csv"), None, downloads)


def test_too_large_as_announced_and_as_sent(
    site: Site, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files["fruit.csv"] = table()
    site.says_bytes = download.FILE_MAX_BYTES + 1
    with pytest.raises(SourceError, match="more than 64 MB"):
        load(site.url("fruit.csv"), None, downloads)
    site.says_bytes = -1  # nothing is announced
    monkeypatch.setattr(download, "FILE_MAX_BYTES", 20)
    with pytest.raises(SourceError, match="is the most that is fetched"):
        load(site.url("fruit.csv"), None, downloads)


def test_a_file_that_breaks_off_or_does_not_end(site: Site, downloads: Downloads) -> None:
    site.files["fruit.csv"] = table()
    ticks = iter((0.0, download.WHOLE_MAX_S + 1))
    with pytest.raises(Infrastructure, match="within 600 seconds"):
        fetch(read_address(site.url("fruit.csv")), downloads, lambda: next(ticks))
    site.says_bytes = len(table()) + 100
    site.headers = {"Connection": "close"}
    with pytest.raises(Infrastructure, match="broke off"):
        load(site.url("fruit.csv"), None, downloads)
    assert not downloads.folder.exists()


def test_a_file_that_is_packed_on_the_way_is_refused(site: Site, downloads: Downloads) -> None:
    site.files["fruit.csv"] = table()
    site.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(SourceError, match="sent packed"):
        load(site.url("fruit.csv"), None, downloads)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("https://name:word@data.example.org/a.csv", "no plain address"),
        ("https:///a.csv", "no plain address"),
        ("https://data.example.org:x/a.csv", "no plain address"),
        ("https://data.example.org\\@127.0.0.1/a.csv", "no plain address"),
        ("https://d\u00e4ta.example.org/a.csv", "no plain address"),
        ("https://data.example.org/a.exe", "does not end with"),
        ("https://data.example.org/", "does not end with"),
        ("https://data.example.org/..%2Fa.csv", None),
        ("https://data.example.org/a.csv#sha256=12", "says nothing that is known"),
    ],
)
def test_addresses_that_are_none(uri: str, message: str | None) -> None:
    if message is None:
        assert read_address(uri).name == "a.csv"
        return
    with pytest.raises(SourceError, match=message):
        read_address(uri)


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../cat/0.png", "leads out of it"),
        ("/cat/0.png", "leads out of it"),
        ("cat/..\\0.png", "leads out of it"),
        ("C:cat/0.png", "leads out of it"),
        (link("cat/0.png"), "no plain file"),
        ("0.png", "no folders of labels"),
    ],
)
def test_archives_that_are_refused(
    tmp_path: Path, name: str | zipfile.ZipInfo, message: str
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(name, "/etc/passwd")
    (tmp_path / "out").mkdir()
    with pytest.raises(SourceError, match=message):
        unpack(path, "a.zip", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_an_archive_unpacks_to_no_more_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(archive({"cat/0.png": bytes(5000), "dog/0.png": bytes(5000)}))
    (tmp_path / "out").mkdir()
    monkeypatch.setattr("bot.sources.zip_folder.ALL_MAX_BYTES", 8000)
    with pytest.raises(SourceError, match="unpacks to too much"):
        unpack(path, "a.zip", tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no more", table()])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="cannot be unpacked"):
        unpack(path, "a.zip", tmp_path)


def test_allowed_hosts_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "boardwright.toml"
    path.write_text('[data]\nallowed_hosts = ["Data.Example.org:443", "[::1]:8443"]\n')
    assert read_settings(path).data.allowed_hosts == ("data.example.org", "[::1]:8443")
    assert read_settings(None).data.allowed_hosts == ()


@pytest.mark.parametrize("host", ["*", "*.example.org", "https://example.org", "a/b", ""])
def test_allowed_hosts_are_plain_names(tmp_path: Path, host: str) -> None:
    path = tmp_path / "boardwright.toml"
    path.write_text(f'[data]\nallowed_hosts = ["{host}"]\n')
    with pytest.raises(Infrastructure, match="must be a host such as"):
        read_settings(path)


def test_the_cache_is_where_the_platform_keeps_caches(tmp_path: Path) -> None:
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "boardwright" / "data"
    assert cache_folder({"XDG_CACHE_HOME": "relative"}).is_relative_to(Path.home())


def test_a_goal_names_what_was_fetched(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    site.files["fruit.csv"] = table(60)
    text = f"Tell the fruit of {site.url('fruit.csv')} apart on mps2-an386, 80 % accuracy."
    request = Request("Fruit", text, tmp_path / "issue.md", tmp_path)
    found = understand(request, tmp_path, allowed_hosts=(site.name,))
    assert isinstance(found, Understood)
    sha256 = hashlib.sha256(table(60)).hexdigest()
    assert found.goal.data.uri == f"{site.url('fruit.csv')}#sha256={sha256}"
    assert found.goal.data.fetched_bytes == len(table(60))
    assert "fetched_bytes" in goal_toml(found.goal)
    assert isinstance(understand(request, tmp_path), Questions)


def test_a_source_that_is_an_address_goes_to_the_web(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not among the hosts"):
        sources.load(DataSource(uri="https://data.example.org/a.csv"), tmp_path)
