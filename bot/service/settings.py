"""Settings of the service: variables `BOARDWRIGHT_...`, all checked before anything starts.

Secrets may stand in files: `BOARDWRIGHT_WEBHOOK_SECRET_FILE` names one, as Docker and systemd give
them. What is wrong is told all at once, each with its cure.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import Infrastructure
from bot.issue_form import LABEL

PREFIX = "BOARDWRIGHT_"
_IN_FILES = ("private_key", "webhook_secret", "token", "database_url")
_SHORTEST_SECRET = 16
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def default_state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where jobs are kept. Source: XDG base directories, `$XDG_STATE_HOME`."""
    state = environment.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "boardwright"


class _Wrong:
    """Stands for a value that could not be had, so that it is told together with all others."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


def _readable(value: object) -> object:
    if isinstance(value, _Wrong):
        raise ValueError(value.problem)
    return value


def _private_key(value: SecretStr) -> SecretStr:
    """Return the key itself: what is no PEM text is the path of a file."""
    text = value.get_secret_value().strip()
    if "-----BEGIN" not in text:
        try:
            text = Path(text).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise ValueError("is neither a PEM key nor a file that can be read") from None
    text = text.replace("\\n", "\n")  # as a variable on one line has to be written

    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  (slow to load)
        load_pem_private_key,
    )

    try:
        load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError):
        raise ValueError("is no private key; download one from the App's settings page") from None
    return SecretStr(text)


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_SECRET:
        raise ValueError(
            f"must have {_SHORTEST_SECRET} characters or more; `openssl rand -hex 32` makes one"
        )
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("must begin with https://, or be http:// on this machine")
    return value.rstrip("/")


def _database(value: str) -> str:
    if re.fullmatch(r"sqlite:////.+|postgres(ql)?://.+", value) is None:
        raise ValueError(
            "must be sqlite:////absolute/path (four slashes) or postgresql://user:password@host/name"
        )
    return re.sub(r"^postgres://", "postgresql://", value)


_Secret = Annotated[SecretStr, BeforeValidator(_readable)]
_Url = Annotated[str, AfterValidator(_address)]


class ServiceSettings(BaseSettings):
    """What the service must know, and what it may be told.

    Attributes:
        app_id, private_key: of the GitHub App; the key as PEM text or as a file's path.
        token: instead of an App, for one account; deliveries then come from repositories' webhooks.
        webhook_secret: with which GitHub signs deliveries.
        github_url: of GitHub's REST interface.
        public_url: where people reach the status page; links in comments lead there.
        database_url: `sqlite:////file` or `postgresql://...`; empty: a file in the state folder.
        state_folder: where jobs keep their files.
        label: on an issue it asks for work.
        own_login: of the token's account, so that its own words are not heeded.
        host, port: where deliveries are awaited.
        plans_at_once, builds_at_once: limits over all repositories and workers; one a repository.
        worker_name: of a worker, unique among the living ones and the same after a restart.
        keep_days: how long ended jobs are remembered.
        show_private: whether the status page names private repositories to whoever can open it.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    app_id: int | None = Field(default=None, ge=1)
    private_key: Annotated[_Secret, AfterValidator(_private_key)] | None = None
    token: _Secret | None = None
    webhook_secret: Annotated[_Secret, AfterValidator(_long_enough)]
    github_url: _Url = "https://api.github.com"
    public_url: _Url | None = None
    database_url: Annotated[
        str, BeforeValidator(_readable), AfterValidator(lambda url: _database(url) if url else "")
    ] = ""
    state_folder: Path = Field(default_factory=default_state_folder)
    label: str = Field(default=LABEL, min_length=1, max_length=50)
    own_login: str = Field(default="", max_length=100)
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    plans_at_once: int = Field(default=2, ge=1, le=64)
    builds_at_once: int = Field(default=1, ge=1, le=64)
    worker_name: str = Field(default="worker-0", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    keep_days: int = Field(default=30, ge=1, le=3650)
    show_private: bool = False
    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take files that variables name before the variables themselves."""
        return init_settings, _Files(settings_cls), env_settings

    @property
    def database(self) -> str:
        """Return the address of the database."""
        return self.database_url or f"sqlite:///{self.state_folder.absolute()}/jobs.sqlite"

    @property
    def web_url(self) -> str:
        """Return where people see what `github_url` serves to programs.

        Source: https://docs.github.com/enterprise-server/rest, `https://HOST/api/v3`.
        """
        if self.github_url == "https://api.github.com":
            return "https://github.com"
        return self.github_url.removesuffix("/api/v3")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must never be printed."""
        held = (self.private_key, self.token, self.webhook_secret)
        password = urlsplit(self.database_url).password if self.database_url else None
        return tuple(one.get_secret_value() for one in held if one) + (
            (password,) if password else ()
        )


class _Files(PydanticBaseSettingsSource):
    """Reads what `BOARDWRIGHT_<NAME>_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the content of the file for one field; None where none is named."""
        variable = f"{PREFIX}{field_name.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if not path or field_name not in _IN_FILES:
            return None, field_name, False
        if os.environ.get(variable):
            return _Wrong(f"is given twice; unset it or {variable}_FILE"), field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            return _Wrong(f"cannot be read from {path}: {why}"), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the fields that files hold."""
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def load_service_settings() -> ServiceSettings:
    """Return the settings of this process's environment.

    Raises:
        Infrastructure: something is missing or wrong; lists all of it, each with its cure.
    """
    problems = _identity_problems(os.environ)
    try:
        settings = ServiceSettings()  # type: ignore[call-arg]  # the environment has them
    except ValidationError as error:
        problems += [_problem(item) for item in error.errors()]
    if problems:
        lines = "\n".join(f"- {problem}" for problem in problems)
        raise Infrastructure(f"The service cannot start, as its settings are not right:\n{lines}")
    return settings


def _identity_problems(environment: Mapping[str, str]) -> list[str]:
    """Say what is missing to act at GitHub, either as an App or as an account."""
    app, key, token = (
        any(environment.get(f"{PREFIX}{name}{end}") for end in ("", "_FILE"))
        for name in ("APP_ID", "PRIVATE_KEY", "TOKEN")
    )
    if token and (app or key):
        return [f"{PREFIX}TOKEN is set beside an App; unset the one that is not to be used."]
    if token or (app and key):
        return []
    if app:
        return [
            f"{PREFIX}PRIVATE_KEY is missing{_meant('PRIVATE_KEY')}; create it on the App's page."
        ]
    if key:
        return [f"{PREFIX}APP_ID is missing{_meant('APP_ID')}; it is shown on the App's page."]
    return [
        f"{PREFIX}APP_ID and {PREFIX}PRIVATE_KEY are missing, which a GitHub App gives; or "
        f"{PREFIX}TOKEN instead of both."
    ]


def _problem(item: Any) -> str:
    name = str(item["loc"][0])
    variable = f"{PREFIX}{name.upper()}"
    if item["type"] == "missing":
        cure = "; it is what GitHub signs deliveries with" if name == "webhook_secret" else ""
        return f"{variable} is missing{_meant(name.upper())}{cure}."
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{variable} {message}." if message[:1].islower() else f"{variable}: {message}."


def _meant(name: str) -> str:
    """Return a hint at a variable whose name is nearly right."""
    known = {f"{PREFIX}{field.upper()}" for field in ServiceSettings.model_fields}
    known |= {f"{PREFIX}{field.upper()}_FILE" for field in _IN_FILES}
    others = [key for key in os.environ if key.startswith(PREFIX[:8]) and key not in known]
    near = difflib.get_close_matches(f"{PREFIX}{name}", others, n=1, cutoff=0.85)
    return f" (is {near[0]} meant to be it?)" if near else ""
