"""The fixtures that tests/github/conftest.py tells about, for other folders to import too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.github.contract import Contract, watched
from tests.github.emulator.process import FOLDER, Process, missing
from tests.github.emulator.receiver import Receiver
from tests.github.emulator.seed import seed
from tests.github.emulator.server import HubServer

__all__ = ["_github_contract", "_github_parts", "hub_server"]


def _key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return pem.decode()


@pytest.fixture(scope="session")
def _github_parts() -> Iterator[tuple[Process, Receiver]]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    receiver = Receiver()
    process = Process(seed(receiver.url, _key()))
    yield process, receiver
    process.close()
    receiver.close()


@pytest.fixture(scope="session")
def _github_contract() -> Contract:
    return Contract(FOLDER / "node_modules")


@pytest.fixture
def hub_server(
    _github_parts: tuple[Process, Receiver], _github_contract: Contract
) -> Iterator[HubServer]:
    """Return a GitHub of the test's own, with nothing in it but the seed."""
    process, receiver = _github_parts
    process.reset()
    receiver.reset()
    server = HubServer(process, receiver)
    with watched(_github_contract, server.url, server.problems):
        yield server
    server.settle()
    unsigned = [d.name for d in receiver.deliveries if not d.is_signed]
    assert not unsigned, f"deliveries whose signature is wrong: {unsigned}"
    listed = "\n".join(server.problems)
    assert not listed, f"requests that GitHub does not describe:\n{listed}"
