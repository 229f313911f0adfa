"""Worlds to test in: in memory always, emulated where its programs are installed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.bot.github.worlds import RemoteWorld, World, fake_world, remote_world
from tests.github.emulator.seed import PEOPLE
from tests.github.emulator.server import HubServer
from tests.github.fixtures import _github_contract, _github_parts, hub_server

__all__ = ["_github_contract", "_github_parts", "hub_server"]


@pytest.fixture
def remote(hub_server: HubServer) -> RemoteWorld:
    tokens = {login: hub_server.token(login) for login in PEOPLE}
    return remote_world(hub_server, tokens)


@pytest.fixture(params=["memory", "emulator"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return fake_world()
    remote: World = request.getfixturevalue("remote")
    return remote


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
