"""The table `[service]` of a repository's boardwright.toml, read from its default branch."""

from __future__ import annotations

import tomllib

from pydantic import Field, ValidationError

from bot.errors import RequestError
from bot.frozen import Frozen

FILE = "boardwright.toml"
MAX_BYTES = 64 * 1024


class RepositorySettings(Frozen):
    """What a repository wants of the service.

    Attributes:
        approve_plan: nothing is built before a person approves the plan.
        max_revisions: reviews that are followed for one pull request, the bench's included.
        max_bench_rounds: of those, how many follow a bench that finds something wanting.
    """

    approve_plan: bool = False
    max_revisions: int = Field(default=10, ge=0, le=100)
    max_bench_rounds: int = Field(default=3, ge=0, le=20)


def parse_settings(content: bytes) -> RepositorySettings:
    """Return the settings; other tables belong to other parts of Boardwright.

    Raises:
        RequestError: it is no TOML, or the table says what it must not.
    """
    try:
        table = tomllib.loads(content.decode("utf-8")).get("service", {})
        return RepositorySettings.model_validate(table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise RequestError(
            f"`{FILE}` on the default branch is no TOML.", "Mend it, then `/boardwright retry`."
        ) from None
    except ValidationError as error:
        names = ", ".join(
            f"`{'.'.join(map(str, e['loc']))}` in `[service]`" for e in error.errors()
        )
        raise RequestError(
            f"`{FILE}` on the default branch says what it must not: {names}.",
            f"Known are {', '.join(f'`{name}`' for name in RepositorySettings.model_fields)}; mend "
            "it, then `/boardwright retry`.",
        ) from None
