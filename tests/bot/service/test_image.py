"""The image of the service, built and run for real."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from bot.sandbox.container import connect

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[3]
CERTIFICATES = Path("/usr/local/share/ca-certificates")
NAME = "boardwright-service:tested"
BUILT_FROM = (
    *("Dockerfile", ".dockerignore", "requirements.lock", "scripts"),
    *("bot", "hardware_runner", "model_compiler", "templates"),
)
LOCKED_UP: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "network_mode": "none",
    "tmpfs": {"/tmp": "exec,mode=1777"},
    "security_opt": ["no-new-privileges"],
}
SETTINGS = {"BOARDWRIGHT_TOKEN": "made-up-for-this-test", "BOARDWRIGHT_WEBHOOK_SECRET": "x" * 32}


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    found = connect()
    if found is None:
        pytest.skip("no Docker daemon answers: sh scripts/docker-daemon.sh start, as root")
    with closing(found):
        yield found


@pytest.fixture(scope="module")
def image(client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the image from the files of this checkout, and trust what this machine trusts."""
    context = tmp_path_factory.mktemp("context")
    for name in BUILT_FROM:
        source = CHECKOUT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, context / name)
    (context / "extra-ca").mkdir()
    (context / "extra-ca" / ".keep").touch()
    for certificate in CERTIFICATES.glob("*.crt") if CERTIFICATES.is_dir() else ():
        shutil.copy(certificate, context / "extra-ca")
    client.images.build(path=str(context), target="service", tag=NAME, rm=True, forcerm=True)
    return NAME


def run(client: docker.DockerClient, *arguments: str, **more: Any) -> str:
    settings = {**LOCKED_UP, **more}
    return str(client.containers.run(NAME, list(arguments), remove=True, **settings), "utf-8")


def test_it_serves_as_nobody_in_particular(client: docker.DockerClient, image: str) -> None:
    running = client.containers.run(
        image,
        environment=SETTINGS,
        volumes=["/var/lib/boardwright"],
        healthcheck={"interval": 500_000_000, "start_period": 0},
        detach=True,
        **LOCKED_UP,
    )
    try:
        deadline = time.monotonic() + 120
        while (health := client.api.inspect_container(running.id)["State"])["Health"][
            "Status"
        ] != "healthy":
            assert health["Running"], running.logs().decode()
            assert time.monotonic() < deadline, running.logs().decode()
            time.sleep(0.2)
        assert running.exec_run(["id", "-u"]).output.strip() == b"10002"
        running.stop(timeout=20)
        assert running.wait()["StatusCode"] == 0
        assert "made-up" not in running.logs().decode()
    finally:
        running.remove(force=True, v=True)


def test_everything_that_a_run_needs_is_in_it(client: docker.DockerClient, image: str) -> None:
    assert "Everything that a run needs is there." in run(client, "doctor")


def test_settings_that_are_missing_are_told(client: docker.DockerClient, image: str) -> None:
    with pytest.raises(docker.errors.ContainerError) as caught:
        run(client, "serve")
    assert b"BOARDWRIGHT_WEBHOOK_SECRET" in caught.value.stderr


def test_code_of_a_language_model_finds_its_sandbox(
    client: docker.DockerClient, image: str
) -> None:
    with pytest.raises(docker.errors.ContainerError):
        run(client, "sandbox", "status")
    # By the command line: it turns systempaths into two settings that the package has no names for.
    options = ("no-new-privileges", "seccomp=unconfined", "systempaths=unconfined")
    wanted = [word for option in options for word in ("--security-opt", option)]
    locked = ("--rm", "--read-only", "--cap-drop=ALL", "--network=none", "--tmpfs=/tmp:exec")
    command = ["docker", "run", *locked, *wanted, image, "sandbox", "status"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "bubblewrap: works" in told.stdout
