"""Bounds: what a repository's `boardwright.toml` may change of what the service allows.

The service's own settings stand in the file that BOARDWRIGHT_SETTINGS names, else in the nearest
`boardwright.toml` at or above the working folder. A repository's are those of its default branch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.errors import Infrastructure, RequestError
from bot.llm.server import with_environment
from bot.llm.settings import FILE_NAME, Budget, Data, Llm, Settings, find_settings, read_settings

SETTINGS_VARIABLE = "BOARDWRIGHT_SETTINGS"

_THEIRS = ("stages", "firmware_candidates")
"""Of `[llm]`: which tier writes a stage, and how many candidates there are. Server, keys, models
and prices are the service's: a price of 0 would undo every budget."""


def bounded(service: Settings, repository: Settings) -> Settings:
    """Return what holds for a repository: it may lower what the service allows, never raise it.

    - budgets, repairs, candidates: the lesser of both; what the repository does not say is the
      service's;
    - hosts of data: those that both list, or the service's where the repository lists none;
    - server, models, prices and waiting times of `[llm]`: the service's alone.
    """
    return Settings(
        llm=_llm(service.llm, repository.llm),
        budget=_lesser(service.budget, repository.budget),
        data=_hosts(service.data, repository.data),
    )


def refused(service: Settings, repository: Settings) -> Iterator[str]:
    """Say in a line each what of a repository's settings does not hold."""
    for name in sorted(repository.llm.model_fields_set - set(_THEIRS)):
        yield f"{FILE_NAME}: llm.{name} is for who runs the service, the repository's is not used"
    for name in sorted(repository.budget.model_fields_set):
        asked, most = getattr(repository.budget, name), getattr(service.budget, name)
        if asked > most:
            yield f"{FILE_NAME}: budget.{name} is {asked:g}, the service allows {most:g}"
    for host in repository.data.allowed_hosts:
        if host not in service.data.allowed_hosts:
            yield f"{FILE_NAME}: the service does not allow data from {host}"


def settings_of_job(
    folder: Path, variables: Mapping[str, str] = os.environ
) -> tuple[Settings, Settings]:
    """Return the service's settings and those of the repository whose job lies in `folder`.

    Raises:
        RequestError: the repository's file says what it must not.
        Infrastructure: the service's does.
    """
    named = variables.get(SETTINGS_VARIABLE)
    path = Path(named) if named else find_settings(Path.cwd())
    if path is not None and path.resolve().is_relative_to(folder.resolve()):
        path = None  # a repository's file never counts as the service's
    service = with_environment(read_settings(path), variables)
    own = folder / FILE_NAME
    try:
        return service, read_settings(own if own.is_file() else None)
    except Infrastructure as error:
        raise RequestError(
            str(error).replace(str(own), f"`{FILE_NAME}` on the default branch"),
            f"Correct `{FILE_NAME}` on the default branch, then ask for `/boardwright retry`.",
        ) from None


def _llm(service: Llm, repository: Llm) -> Llm:
    said = repository.model_fields_set
    changes: dict[str, object] = {}
    if "stages" in said:
        changes["stages"] = repository.stages
    if "firmware_candidates" in said:
        least = min(service.firmware_candidates, repository.firmware_candidates)
        changes["firmware_candidates"] = least
    return service.model_copy(update=changes)


def _lesser(service: Budget, repository: Budget) -> Budget:
    changes = {
        name: min(getattr(service, name), getattr(repository, name))
        for name in repository.model_fields_set
    }
    return service.model_copy(update=changes)


def _hosts(service: Data, repository: Data) -> Data:
    if "allowed_hosts" not in repository.model_fields_set:
        return service
    both = tuple(host for host in repository.allowed_hosts if host in service.allowed_hosts)
    return Data(allowed_hosts=both)
