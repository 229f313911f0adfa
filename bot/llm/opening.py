"""Opening: the language model that settings and environment name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bot.llm.language_model import LanguageModel
from bot.llm.ledger import Account, Ledger, ledger_path
from bot.llm.purse import Purse
from bot.llm.server import find_server, with_environment
from bot.llm.settings import Settings


def open_model(
    settings: Settings,
    account: Account,
    *,
    record: Path | None = None,
    replay: Path | None = None,
    ledger: Ledger | None = None,
    environment: Mapping[str, str] = os.environ,
) -> LanguageModel | None:
    """Return the model to ask; None where neither a key nor a base URL is set.

    Args:
        settings: what `boardwright.toml` says; names of models in the environment go first.
        account: who pays.
        record: a folder that each exchange is kept in.
        replay: a folder that every answer is taken from; then nothing else is asked.
        ledger: where spending is written down; default: the user's own.
        environment: the variables that `bot.llm.server` lists.

    Raises:
        Infrastructure: a key's file, or the recording, cannot be read.
    """
    # Imported where they are needed: they bring the SDK with them, which takes long.
    if replay is not None:
        from bot.llm.recording import ReplayModel  # noqa: PLC0415

        return ReplayModel(replay)
    server = find_server(settings, environment)
    if server is None:
        return None
    from bot.llm.recording import Recorder  # noqa: PLC0415
    from bot.llm.remote import RemoteModel  # noqa: PLC0415

    purse = Purse(settings.budget, account, ledger or Ledger(ledger_path(environment)))
    recorder = Recorder(record, (server.key,)) if record is not None else None
    return RemoteModel(server, with_environment(settings, environment), purse, recorder)
