"""The image of the service, built and run for real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from bot.sandbox.container import connect
from tests.bot.events.payloads import labelled, signed
from tests.bot.service.compose import Stack, services, stack

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[3]
POSTGRES = Path(__file__).parent / "postgres"
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


@pytest.fixture(scope="module")
def postgres(client: docker.DockerClient) -> str:
    """Return PostgreSQL as compose.yml has it, else Debian's, which takes the same variables."""
    wanted: str = services({"POSTGRES_PASSWORD": ""})["postgres"]["image"]
    if client.images.list(name=wanted):
        return wanted
    try:
        client.images.build(path=str(POSTGRES), tag=f"{NAME}-postgres", rm=True, forcerm=True)
    except docker.errors.BuildError as error:
        pytest.skip(f"neither {wanted} nor Debian's packages can be had: {error}")
    return f"{NAME}-postgres"


def test_compose_starts_as_a_whole(
    client: docker.DockerClient, image: str, postgres: str, tmp_path: Path
) -> None:
    settings = {**SETTINGS, "BOARDWRIGHT_GITHUB_URL": "http://127.0.0.1:9"}  # nobody answers
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    (tmp_path / "deploy.env").write_text(lines)
    images = {"boardwright:local": image, "postgres:17": postgres}
    prefix = f"boardwright-{os.getpid()}"
    with stack(prefix, tmp_path, images, {"POSTGRES_PASSWORD": "made-up"}) as running:
        running.up("postgres")
        until(lambda: running.state("postgres")["Health"]["Status"] == "healthy", running)
        running.up("web")
        running.up("worker")
        address = running.address("web", 8000)
        until(lambda: answer(f"{address}/readyz") == 200, running)
        body = json.dumps(labelled()).encode()
        headers = {
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": "d-1",
            "X-Hub-Signature-256": signed(body, SETTINGS["BOARDWRIGHT_WEBHOOK_SECRET"]),
            "Content-Type": "application/json",
        }
        assert answer(f"{address}/webhook", body, headers) == 202
        until(lambda: "permission: GitHub is unavailable" in running.logs("worker"), running)
        assert "bubblewrap: works" in running.once("worker", "sandbox", "status")
        assert [running.down(name) for name in ("worker", "web")] == [0, 0]
        assert "made-up" not in running.logs("web") + running.logs("worker")


def answer(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> int:
    """Return the status of an answer; 0 where there is none."""
    verb = "GET" if body is None else "POST"
    try:
        return requests.request(verb, url, data=body, headers=headers, timeout=10).status_code
    except requests.RequestException:
        return 0


def until(holds: Callable[[], bool], running: Stack) -> None:
    """Wait for what containers bring about."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, {n: running.logs(n)[-2000:] for n in running.names()}
        time.sleep(0.2)


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
