"""Worlds to test in."""

from __future__ import annotations

import pytest

from tests.bot.github.worlds import World, fake_world


@pytest.fixture(params=["memory"])
def world(request: pytest.FixtureRequest) -> World:
    return fake_world()
