"""What several tests of the bot share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bot.warm import WarmSandbox


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmSandbox]:
    """Give a sandbox in which TensorFlow is imported once."""
    sandbox = WarmSandbox()
    yield sandbox
    sandbox.close()
