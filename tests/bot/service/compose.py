"""compose.yml by way of `docker run`, with exactly its options; for machines without the plugin."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[3] / "compose.yml"
_VARIABLE = re.compile(r"\$\{([A-Z_]+):\?[^}]*\}")
_TOLD_OTHERWISE = {"build", "depends_on", "command", "image", "stop_grace_period"}


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the services of the file, with its variables filled in."""
    text = _VARIABLE.sub(lambda found: variables[found[1]], FILE.read_text(encoding="utf-8"))
    held: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return held


def options(service: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Yield the options of `docker run` for a service; every key of it must be known here.

    Volumes are named with a prefix, and ports of the machine are whichever is free.
    """
    for key, value in service.items():
        match key:
            case "environment":
                yield from (f"--env={name}={text}" for name, text in value.items())
            case "env_file":
                yield f"--env-file={value}"
            case "volumes":
                yield from (f"--volume={prefix}-{volume}" for volume in value)
            case "ports":
                for port in value:
                    host, _, inside = port.split(":")
                    assert host == "127.0.0.1", "only a proxy may reach it"
                    yield f"--publish={host}::{inside}"
            case "cap_drop" | "security_opt" | "tmpfs":
                option = key.replace("_", "-")
                yield from (f"--{option}={one}" for one in value)
            case "read_only" | "init":
                yield f"--{key.replace('_', '-')}={json.dumps(value)}"
            case "restart":
                yield f"--restart={value}"
            case "healthcheck":
                yield from _health(value)
            case _:
                assert key in _TOLD_OTHERWISE, f"{key} is not translated"


def _health(check: Mapping[str, Any]) -> Iterator[str]:
    if check.get("disable"):
        yield "--no-healthcheck"
        return
    word, *command = check["test"]
    assert word == "CMD"
    yield f"--health-cmd={shlex.join(command)}"
    yield from (f"--health-{name}={value}" for name, value in check.items() if name != "test")


@dataclass(frozen=True)
class Stack:
    """Services of the file that run together.

    Attributes:
        prefix: of the names of all that is made.
        folder: holds the file of settings that compose.yml names.
        images: for those of the file that are not at hand.
        described: the services.
    """

    prefix: str
    folder: Path
    images: Mapping[str, str]
    described: Mapping[str, dict[str, Any]]

    def up(self, name: str) -> None:
        """Start a service."""
        extra = ("--detach", f"--name={self.prefix}-{name}", f"--network-alias={name}")
        self._run(name, extra, self.described[name].get("command", []))

    def once(self, name: str, *command: str) -> str:
        """Run a command as a service would run, and return what it says."""
        return self._run(name, ("--rm", "--restart=no"), command)

    def state(self, name: str) -> dict[str, Any]:
        """Return how the container of a service is doing."""
        told: dict[str, Any] = json.loads(docker("inspect", f"{self.prefix}-{name}"))[0]["State"]
        return told

    def address(self, name: str, port: int) -> str:
        """Return where a port of a service is reached from here."""
        told = docker("port", f"{self.prefix}-{name}", str(port))
        return f"http://{told.splitlines()[0]}"

    def names(self) -> list[str]:
        """Return the services whose containers are there."""
        told = ("ps", "--all", f"--filter=name=^{self.prefix}-", "--format={{.Names}}")
        return [name.removeprefix(f"{self.prefix}-") for name in docker(*told).split()]

    def logs(self, name: str) -> str:
        """Return what a service wrote."""
        return docker("logs", f"{self.prefix}-{name}")

    def down(self, name: str) -> int:
        """Stop a service as its grace period says, and return its exit code."""
        grace = self.described[name].get("stop_grace_period", "10s").removesuffix("s")
        docker("stop", f"--time={grace}", f"{self.prefix}-{name}")
        return int(self.state(name)["ExitCode"])

    def _run(self, name: str, extra: tuple[str, ...], command: Any) -> str:
        service = self.described[name]
        image = self.images.get(service["image"], service["image"])
        told = [*options(service, self.prefix), *extra, f"--network={self.prefix}"]
        return docker("run", *told, image, *command, within=self.folder)


@contextmanager
def stack(
    prefix: str, folder: Path, images: Mapping[str, str], variables: Mapping[str, str]
) -> Iterator[Stack]:
    """Give the services a network, and take away afterwards all that was made."""
    made = Stack(prefix, folder, images, services(variables))
    docker("network", "create", prefix)
    try:
        yield made
    finally:
        if running := [f"{prefix}-{name}" for name in made.names()]:
            docker("rm", "--force", *running)
        volumes = docker("volume", "ls", f"--filter=name=^{prefix}-", "--format={{.Name}}").split()
        if volumes:
            docker("volume", "rm", *volumes)
        docker("network", "rm", prefix)


def docker(*arguments: str, within: Path | None = None) -> str:
    """Run a command of Docker's, and return both its outputs."""
    ended = subprocess.run(
        ["docker", *arguments],
        cwd=within,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, f"docker {' '.join(arguments)}: {ended.stdout}"
    return ended.stdout
