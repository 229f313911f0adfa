"""Settings of the service: where they come from, and what is refused how."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.errors import Infrastructure
from bot.service.settings import ServiceSettings, load_service_settings

GOOD = {"BOARDWRIGHT_TOKEN": "ghp_" + "t" * 36, "BOARDWRIGHT_WEBHOOK_SECRET": "s" * 32}


@pytest.fixture(scope="module")
def key() -> str:
    made = generate_private_key(SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BOARDWRIGHT_"):
            monkeypatch.delenv(name)


def loaded(monkeypatch: pytest.MonkeyPatch, **changes: str) -> ServiceSettings:
    for name, value in (GOOD | changes).items():
        if value:
            monkeypatch.setenv(name, value)
    return load_service_settings()


def refused(monkeypatch: pytest.MonkeyPatch, **changes: str) -> str:
    with pytest.raises(Infrastructure) as error:
        loaded(monkeypatch, **changes)
    return str(error.value)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/var/lib")
    settings = loaded(monkeypatch)
    assert settings.database == "sqlite:////var/lib/boardwright/jobs.sqlite"
    assert (settings.label, settings.host, settings.port) == ("tinyml", "127.0.0.1", 8000)
    assert settings.web_url == "https://github.com"
    assert not settings.show_private


def test_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
    (tmp_path / "key.pem").write_text(key)
    (tmp_path / "secret").write_text("f" * 32 + "\n")
    (tmp_path / "url").write_text("postgres://b:pass%40word@db/jobs\n")
    settings = loaded(
        monkeypatch,
        BOARDWRIGHT_TOKEN="",
        BOARDWRIGHT_WEBHOOK_SECRET="",
        BOARDWRIGHT_APP_ID="12",
        BOARDWRIGHT_PRIVATE_KEY_FILE=str(tmp_path / "key.pem"),
        BOARDWRIGHT_WEBHOOK_SECRET_FILE=str(tmp_path / "secret"),
        BOARDWRIGHT_DATABASE_URL_FILE=str(tmp_path / "url"),
    )
    assert settings.webhook_secret.get_secret_value() == "f" * 32
    assert settings.private_key is not None
    assert settings.private_key.get_secret_value() == key.strip()
    assert settings.database == "postgresql://b:pass%40word@db/jobs"
    assert "f" * 32 in settings.secrets
    assert "f" * 32 not in repr(settings)


@pytest.mark.parametrize("form", ["text", "one line", "path"])
def test_a_private_key_is_text_or_a_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str, form: str
) -> None:
    (tmp_path / "key.pem").write_text(key)
    forms = {"text": key, "one line": key.replace("\n", "\\n"), "path": str(tmp_path / "key.pem")}
    settings = loaded(
        monkeypatch,
        BOARDWRIGHT_TOKEN="",
        BOARDWRIGHT_APP_ID="12",
        BOARDWRIGHT_PRIVATE_KEY=forms[form],
    )
    assert settings.private_key is not None
    assert settings.private_key.get_secret_value().strip() == key.strip()


def test_all_that_is_wrong_is_told_at_once_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refused(
        monkeypatch,
        BOARDWRIGHT_TOKEN="",
        BOARDWRIGHT_WEBHOOK_SECRET="short",  # noqa: S106
        BOARDWRIGHT_APP_ID="twelve",
        BOARDWRIGHT_PORT="70000",
        BOARDWRIGHT_GITHUB_URL="http://github.example",
        BOARDWRIGHT_DATABASE_URL="sqlite:///jobs.sqlite",
    )
    for part in (
        "BOARDWRIGHT_PRIVATE_KEY is missing",
        "openssl rand -hex 32",
        "BOARDWRIGHT_APP_ID",
        "65535",
        "https://",
        "four slashes",
    ):
        assert part in message
    assert message.count("\n- ") == 6


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"BOARDWRIGHT_TOKEN": ""}, "BOARDWRIGHT_APP_ID and BOARDWRIGHT_PRIVATE_KEY are missing"),
        ({"BOARDWRIGHT_APP_ID": "12"}, "beside an App"),
        ({"BOARDWRIGHT_TOKEN_FILE": "/nonexistent"}, "given twice"),
        (
            {"BOARDWRIGHT_TOKEN": "", "BOARDWRIGHT_TOKEN_FILE": "/nonexistent"},
            "cannot be read from /nonexistent: No such file",
        ),
        (
            {
                "BOARDWRIGHT_TOKEN": "",
                "BOARDWRIGHT_APP_ID": "12",
                "BOARDWRIGHT_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----\nMII",
            },
            "no private key",
        ),
        (
            {"BOARDWRIGHT_WEBHOOK_SECRET": "", "BOARDWRIGHT_WEBHOK_SECRET": "s" * 32},
            "is BOARDWRIGHT_WEBHOK_SECRET meant",
        ),
        ({"BOARDWRIGHT_WORKER_NAME": "a b"}, "BOARDWRIGHT_WORKER_NAME"),
        ({"BOARDWRIGHT_LOG_FORMAT": "xml"}, "'json'"),
        ({"BOARDWRIGHT_DATABASE_URL": "mysql://h/d"}, "postgresql://"),
    ],
)
def test_what_is_wrong_is_refused(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], part: str
) -> None:
    message = refused(monkeypatch, **changes)
    assert part in message
    assert "s" * 32 not in message


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://github.example/api/v3", "https://github.example"),
        ("https://api.github.com/", "https://github.com"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
    ],
)
def test_people_see_github_elsewhere(monkeypatch: pytest.MonkeyPatch, url: str, seen: str) -> None:
    assert loaded(monkeypatch, BOARDWRIGHT_GITHUB_URL=url).web_url == seen
