"""Settings: `boardwright.toml`, where it is found, and what it may say.

    [llm]
    base_url = "http://127.0.0.1:11434/v1"   # only for a server of your own; default: OpenAI
    [llm.tiers]
    cheap = "gpt-6.1-terra"
    strong = "gpt-6.1-sol"
    [llm.stages]
    train = "strong"
    [llm.prices."qwen3-coder:30b"]           # USD per million tokens
    input = 0.0
    output = 0.0
    [budget]
    per_request_usd = 1.0
    [data]
    allowed_hosts = ["data.example.org"]     # from which data may be fetched; default: none

No key stands in it: see `bot.llm.server`. An amount may be `inf`: no limit.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from bot.errors import Infrastructure
from bot.evidence import Stage
from bot.frozen import Frozen
from bot.llm.language_model import Tier

FILE_NAME = "boardwright.toml"

CHEAP_MODEL = "gpt-6.1-terra"
"""For files that follow an example closely. Source: https://developers.openai.com/api/docs/models,
'fast, efficient'; half the price of the strong one."""

STRONG_MODEL = "gpt-6.1-sol"
"""For what is hard. Source: as above, 'for complex coding and professional work'."""

_Amount = Annotated[float, Field(ge=0, allow_inf_nan=True)]
_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_web_address)]


class Tiers(Frozen):
    """Which model answers for which tier."""

    cheap: str = Field(default=CHEAP_MODEL, min_length=1)
    strong: str = Field(default=STRONG_MODEL, min_length=1)


class Stages(Frozen):
    """Which tier first writes which stage; repairs may ask the strong one."""

    data: Tier = Tier.CHEAP
    features: Tier = Tier.STRONG
    train: Tier = Tier.STRONG
    convert: Tier = Tier.CHEAP
    firmware: Tier = Tier.STRONG


class Price(Frozen):
    """USD per million tokens; `cached_input` is `input` where it is not said."""

    input: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    output: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    cached_input: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Llm(Frozen):
    """The table `[llm]`.

    Attributes:
        base_url: of an OpenAI-compatible server; None: the environment's, else OpenAI's.
        timeout_s: longest time for one answer, retries included.
        idle_timeout_s: longest silence, in which a local server may load its model.
        max_reply_bytes: a longer answer is cut and refused.
        retries: how often the same call is tried again when server or line fail.
        firmware_candidates: how many firmware files are asked for side by side at first; the checks
            choose among them.
    """

    base_url: BaseUrl | None = None
    tiers: Tiers = Tiers()
    stages: Stages = Stages()
    prices: dict[str, Price] = Field(default_factory=dict)
    timeout_s: _Seconds = 900.0
    idle_timeout_s: _Seconds = 300.0
    max_reply_bytes: int = Field(default=4_000_000, ge=1000)
    retries: int = Field(default=3, ge=0, le=10)
    firmware_candidates: int = Field(default=1, ge=1, le=8)


class Budget(Frozen):
    """The table `[budget]`. Money counts where the price is known, else tokens do.

    Attributes:
        per_request_usd, per_request_tokens: for one request with all its repairs.
        per_day_usd, per_day_tokens: for this machine's account, in a day (UTC).
        per_person_usd, per_person_tokens: for whoever triggered it, in a day (UTC).
        max_repairs: how often a stage is sent back to its author; each of three is asked for in
            another way (see `bot.authors.escalation`), and then the template steps in.
    """

    per_request_usd: _Amount = 1.0
    per_day_usd: _Amount = 20.0
    per_person_usd: _Amount = 5.0
    per_request_tokens: _Amount = 500_000
    per_day_tokens: _Amount = 10_000_000
    per_person_tokens: _Amount = 2_500_000
    max_repairs: int = Field(default=3, ge=0, le=20)


def _host(value: str) -> str:
    host = value.strip().lower()
    if not re.fullmatch(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", host):
        raise ValueError("must be a host such as data.example.org, or host:port; no '*', no path")
    return host.removesuffix(":443")


class Data(Frozen):
    """The table `[data]`.

    Attributes:
        allowed_hosts: from which data may be fetched, `host` or `host:port`, each by its full name.
            An address of this machine or its network is connected to only if it is listed itself.
    """

    allowed_hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()


class Settings(Frozen):
    """What `boardwright.toml` says, with defaults for all of it."""

    llm: Llm = Llm()
    budget: Budget = Budget()
    data: Data = Data()

    def tier_of(self, stage: Stage) -> Tier:
        """Return which tier first writes a stage."""
        tier: Tier = getattr(self.llm.stages, stage.value)
        return tier

    def model_of(self, tier: Tier) -> str:
        """Return the name of the model of a tier."""
        return self.llm.tiers.cheap if tier is Tier.CHEAP else self.llm.tiers.strong


def find_settings(*starts: Path) -> Path | None:
    """Return the first `boardwright.toml` in a folder of `starts` or above it."""
    for start in starts:
        for folder in (start.resolve(), *start.resolve().parents):
            if (folder / FILE_NAME).is_file():
                return folder / FILE_NAME
    return None


def read_settings(path: Path | None) -> Settings:
    """Return what a file says; the defaults where there is none.

    Raises:
        Infrastructure: it is no TOML, or says what it must not; names line or key, and the cure.
    """
    if path is None:
        return Settings()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        # Other tables of the file belong to other parts of Boardwright.
        return Settings.model_validate(
            {key: table[key] for key in ("llm", "budget", "data") if key in table}
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Infrastructure(f"{path} is no TOML: {error}") from None
    except ValidationError as error:
        problems = "\n".join(f"- {_problem(problem)}" for problem in error.errors())
        raise Infrastructure(f"{path} says what it must not:\n{problems}") from None


def _problem(problem: Any) -> str:
    where: Sequence[str | int] = problem["loc"]
    name = ".".join(str(part) for part in where)
    if problem["type"] != "extra_forbidden":
        return f"{name}: {problem['msg'].removeprefix('Value error, ')}"
    known = _keys(where[:-1])
    near = difflib.get_close_matches(str(where[-1]), known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known here are {', '.join(known)}"
    return f"{name} is unknown: {hint}"


def _keys(where: Sequence[str | int]) -> tuple[str, ...]:
    """Return the keys that the table at `where` may have."""
    table: Any = Settings
    for part in where:
        if not (isinstance(table, type) and issubclass(table, BaseModel)):
            break
        table = (
            table.model_fields[str(part)].annotation if str(part) in table.model_fields else Price
        )
    if not (isinstance(table, type) and issubclass(table, BaseModel)):
        table = Price
    return tuple(table.model_fields)
