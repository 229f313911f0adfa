"""Promises: what settings may ask of a run that forgets, as the machine goes, what it spent."""

from __future__ import annotations

import math
import tomllib

from bot.errors import RequestError
from bot.jobs.repository_settings import FILE, RepositorySettings, parse_settings

FORGOTTEN = ("per_day_usd", "per_day_tokens", "per_person_usd", "per_person_tokens")
"""Of `[budget]`: sums over several runs, which nobody keeps."""


def settings_of_run(content: bytes) -> RepositorySettings:
    """Return the settings; a budget that could not be kept is refused rather than forgotten.

    Raises:
        RequestError: they are wrong, or promise what no run can keep.
    """
    settings = parse_settings(content)
    budget = tomllib.loads(content.decode("utf-8")).get("budget", {})
    said = budget if isinstance(budget, dict) else {}
    names = [name for name in FORGOTTEN if name in said and said[name] != math.inf]
    if names:
        listed = ", ".join(f"`{name}`" for name in names)
        raise RequestError(
            f"{listed} in `[budget]` of `{FILE}` cannot hold here: what a workflow run spent is "
            "forgotten with its machine. Only `per_request_usd` and `per_request_tokens` hold, in "
            "each run anew.",
            f"Take {listed} out, and set a limit at the model's provider; or run the service, "
            "which keeps the sums. Then `/boardwright retry`.",
        )
    return settings
