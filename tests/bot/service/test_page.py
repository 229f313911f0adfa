"""The status page: what it shows and hides, and how a browser without JavaScript shows it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from bot.app import create_app
from bot.rendering.live import Phase
from bot.service.intake import JobRow
from bot.service.page import PHASES, duration, render_page
from bot.service.recent import Recent
from tests.bot.service.memory import MemoryIntake, MemoryJobs, settings

NOW = datetime(2026, 11, 21, 15, 4, 5, tzinfo=UTC)
JOB = JobRow(
    job="octo/fruit#5/d-1",
    repository="octo/fruit",
    private=False,
    number=5,
    title="Tell apples, bananas and oranges apart",
    phase=Phase.BUILDING,
    since=NOW - timedelta(hours=2, minutes=5, seconds=9),
    updated=NOW - timedelta(seconds=40),
    cost="3 calls, 12,345 tokens, $0.02",
)
DONE = replace(
    JOB,
    number=4,
    title="Read handwritten digits",
    phase=Phase.DONE,
    pull_url="https://github.com/octo/fruit/pull/6",
    headline="Every limit is met on mps2-an386.",
    boards=("mps2-an386: pass, 97.2 %, 1.24 ms", "host: pass, 97.2 %"),
)


def page(*rows: JobRow, show_private: bool = False, trouble: str = "") -> str:
    return render_page(rows, NOW, "https://github.com", "tinyml", show_private, trouble).html


def test_a_job_is_shown_with_what_is_known() -> None:
    html = page(JOB, DONE)
    for part in (
        "octo/fruit#5",
        "https://github.com/octo/fruit/issues/5",
        "building",
        "2 h 5 min",
        "2026-11-21 12:58 UTC",
        "3 calls, 12,345 tokens, $0.02",
        "https://github.com/octo/fruit/pull/6",
        "Every limit is met",
        "mps2-an386: pass, 97.2 %, 1.24 ms",
    ):
        assert part in html


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_words_and_a_place(phase: Phase) -> None:
    html = page(replace(JOB, phase=phase))
    assert html.count(f'phase {phase.value}">{PHASES[phase]}</span>') == 1
    assert html.count('class="job"') == 1


def test_private_repositories_are_not_named() -> None:
    secret = replace(JOB, repository="octo/secret", title="Hidden", private=True)
    assert "secret" not in page(JOB, secret)
    assert "Hidden" not in page(JOB, secret)
    assert "1 in private repositories is not shown" in page(JOB, secret)
    assert "octo/secret" in page(JOB, secret, show_private=True)


def test_texts_of_strangers_stay_texts() -> None:
    evil = '<script>alert(1)</script><img src=x onerror="a()">\u202e\u200b'
    row = replace(DONE, title=evil, headline=evil, cost=evil, boards=(evil,))
    html = page(replace(row, pull_url="javascript:alert(1)"))
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html
    assert "\u202e" not in html
    assert html.count("&lt;script&gt;") == 4


class _Loads(HTMLParser):
    """Finds what a browser would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object", "form", "base"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name == "style" or name.startswith("on")]


def test_nothing_is_loaded_or_run() -> None:
    loads = _Loads()
    loads.feed(page(JOB, DONE))
    assert loads.found == []
    assert "url(" not in page(JOB)


def test_the_policy_allows_the_one_style_sheet_and_nothing_else() -> None:
    app = create_app(settings(), MemoryIntake(), MemoryJobs(JOB))
    answer = TestClient(app).get("/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for name in ("x-content-type-options", "x-frame-options", "referrer-policy", "cache-control"):
        assert answer.headers[name]


def test_without_jobs_it_says_how_to_start_one() -> None:
    assert "<strong>tinyml</strong> starts one" in page()


def test_a_database_that_is_away_is_told() -> None:
    jobs = MemoryJobs(JOB)
    jobs.broken = True
    client = TestClient(create_app(settings(), MemoryIntake(), jobs))
    answer = client.get("/")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert client.get("/metrics").status_code == 200
    assert client.get("/healthz").text == "alive\n"


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/jobs", "/webhook"])
def test_nothing_else_is_there(path: str) -> None:
    client = TestClient(create_app(settings(), MemoryIntake(), MemoryJobs()))
    assert client.get(path).status_code in (404, 405)


def test_metrics_name_no_repository() -> None:
    client = TestClient(create_app(settings(), MemoryIntake(), MemoryJobs(JOB)))
    text = client.get("/metrics").text
    assert 'boardwright_jobs{phase="building"} 1.0' in text
    assert "octo" not in text


def test_many_visitors_ask_the_database_once_in_a_while() -> None:
    async def visits() -> list[int]:
        jobs, times = MemoryJobs(JOB), iter([0.0, 0.0, 1.9, 2.1, 2.1])
        recent = Recent(jobs, fresh_s=2.0, clock=lambda: next(times))
        asked = []
        for _ in range(3):
            assert await recent.list(10) == (JOB,)
            asked.append(jobs.asked)
        return asked

    assert asyncio.run(visits()) == [1, 1, 2]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_600, "1 h"),
        (3_660, "1 h 1 min"),
        (90_000, "1 d 1 h"),
        (86_405, "1 d"),
    ],
)
def test_durations_have_two_units(seconds: int, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


@contextmanager
def _served(*rows: JobRow) -> Iterator[str]:
    """Serve the page on loopback with the headers that it has; give its address."""
    answer = TestClient(create_app(settings(), MemoryIntake(), MemoryJobs(*rows))).get("/")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1100, 500])
def test_a_browser_that_may_run_no_script_shows_all_of_it(tmp_path: Path, width: int) -> None:
    """Its policy forbids all scripts, and all styles but the one whose hash it names."""
    waiting = replace(JOB, number=3, phase=Phase.APPROVING, cost="")
    failed = replace(DONE, number=2, phase=Phase.FAILED, boards=(), pull_url="", headline="")
    picture = tmp_path / "page.png"
    with _served(JOB, waiting, DONE, failed, replace(JOB, private=True)) as address:
        subprocess.run(
            [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--window-size={width},1400",
                f"--screenshot={picture}",
                address,
            ],
            check=True,
            capture_output=True,
            timeout=300,
        )
    with Image.open(picture) as image:
        colours = image.convert("RGB").getcolors(maxcolors=1 << 20)
    assert colours is not None
    shown = {colour for _, colour in colours}
    # The style sheet applies, and the phases are to be seen in their colours.
    assert {(255, 255, 255), (244, 246, 248), (15, 107, 60), (168, 32, 26)} <= shown
