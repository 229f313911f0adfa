"""Server: where language models are asked, and with which key. Keys come from the environment.

| variable | says |
|---|---|
| OPENAI_API_KEY, or OPENAI_API_KEY_FILE | the key for OpenAI, or a file that holds it |
| BOARDWRIGHT_LLM_BASE_URL, or OPENAI_BASE_URL | another OpenAI-compatible server |
| BOARDWRIGHT_LLM_API_KEY, or ..._FILE likewise | the key for that server, if it wants one |
| BOARDWRIGHT_LLM_CHEAP, BOARDWRIGHT_LLM_STRONG | the models' names |

A base URL that stands in `boardwright.toml` may come with a repository that somebody else wrote. So
OPENAI_API_KEY is never sent to it; BOARDWRIGHT_LLM_API_KEY is, for whoever sets it means just that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import Infrastructure
from bot.llm.settings import Settings, Tiers

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none"
"""What servers that want no key are sent, because the SDK insists on one."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask. Its text shows no key."""

    base_url: str
    key: str = field(repr=False)

    @property
    def official(self) -> bool:
        """Say whether it is OpenAI's own."""
        return self.host == "api.openai.com"

    @property
    def host(self) -> str:
        """Return the host's name."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def local(self) -> bool:
        """Say whether it is on this machine, where no proxy must be asked."""
        return self.host in ("localhost", "127.0.0.1", "::1")


def find_server(settings: Settings, environment: Mapping[str, str] = os.environ) -> Server | None:
    """Return the server to ask; None where neither a key nor a base URL is set.

    Raises:
        Infrastructure: the file that should hold the key cannot be read, or the URL is none.
    """
    chosen = environment.get("BOARDWRIGHT_LLM_BASE_URL") or environment.get("OPENAI_BASE_URL")
    openai = _key("OPENAI_API_KEY", environment)
    own = _key("BOARDWRIGHT_LLM_API_KEY", environment)
    if chosen:
        if not chosen.startswith(("http://", "https://")):
            raise Infrastructure(
                f"The base URL '{chosen}' must begin with http:// or https://.",
                "export BOARDWRIGHT_LLM_BASE_URL=http://127.0.0.1:11434/v1",
            )
        return Server(chosen.rstrip("/"), own or openai or NO_KEY)
    if settings.llm.base_url is not None:
        server = Server(settings.llm.base_url, own or NO_KEY)
        return Server(OPENAI_URL, own or openai or NO_KEY) if server.official else server
    return Server(OPENAI_URL, openai) if openai else None


def with_environment(settings: Settings, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return settings in which the environment's names of models take precedence."""
    tiers = Tiers(
        cheap=environment.get("BOARDWRIGHT_LLM_CHEAP") or settings.llm.tiers.cheap,
        strong=environment.get("BOARDWRIGHT_LLM_STRONG") or settings.llm.tiers.strong,
    )
    return settings.model_copy(update={"llm": settings.llm.model_copy(update={"tiers": tiers})})


def _key(name: str, environment: Mapping[str, str]) -> str:
    if value := environment.get(name, "").strip():
        return value
    if not (file := environment.get(f"{name}_FILE", "")):
        return ""
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Infrastructure(f"{name}_FILE names {file}, which cannot be read: {error}.") from None
    if not value or any(character.isspace() for character in value):
        raise Infrastructure(f"{name}_FILE names {file}, which must hold one key and nothing else.")
    return value
