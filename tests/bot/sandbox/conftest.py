"""Every isolating sandbox of this machine, and what an attack aims at."""

from __future__ import annotations

import json
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot.sandbox import bubblewrap
from bot.sandbox.bubblewrap import BubblewrapSandbox
from bot.sandbox.cgroup import PREFIX, ROOT, control_group
from bot.sandbox.container import GVISOR, LABEL, DockerSandbox, connect
from bot.sandbox.image import build_image, image_exists, image_name
from bot.sandbox.job import Job, Limits, Origin, Result, Sandbox

ATTACKS = Path(__file__).parent / "attacks"
MIB = 1 << 20
LIMITS = Limits(
    seconds=60,
    memory_bytes=512 * MIB,
    processes=128,
    cores=1.0,
    output_bytes=256 * MIB,
    output_entries=500,
    tmp_bytes=64 * MIB,
)


def _groups() -> bool:
    with control_group(Limits()) as group:
        return group is not None


@cache
def _docker_kinds() -> tuple[str, ...]:
    client = connect()
    if client is None:
        return ("docker",)
    with closing(client):
        return ("docker", GVISOR) if GVISOR in client.info()["Runtimes"] else ("docker",)


KINDS = (
    *_docker_kinds(),
    *(("bubblewrap with a group",) if _groups() else ()),
    "bubblewrap",
)


HARD_KINDS = tuple(name for name in KINDS if name != "bubblewrap")
"""Those in which the kernel itself bounds all memory."""


@cache
def make(kind: str) -> Sandbox | str:
    """Return a sandbox, or why there is none; the image is built if need be, without TensorFlow."""
    if kind.startswith("bubblewrap"):
        return bubblewrap.missing() or BubblewrapSandbox(groups=kind.endswith("group"))
    client = connect()
    if client is None:
        return "no Docker daemon answers: sh scripts/docker-daemon.sh start, as root"
    name = image_name("tools")
    if not image_exists(client, name):
        list(build_image(client, os.environ.get("PIP_INDEX_URL", ""), "tools"))
    return DockerSandbox(client, name, kind if kind == GVISOR else "")


@dataclass
class Kind:
    """A sandbox with its name."""

    name: str
    sandbox: Sandbox

    @property
    def is_docker(self) -> bool:
        return not self.name.startswith("bubblewrap")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    """Give each sandbox, and look afterwards that nothing of its jobs is left."""
    sandbox = make(request.param)
    if isinstance(sandbox, str):
        pytest.skip(sandbox)
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)  # as /tmp is: other users pass
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Kind(request.param, sandbox)
        assert leftovers(Path(name)) == []
        monkeypatch.undo()


def leftovers(temporary: Path) -> list[str]:
    """Return folders, mounts, control groups and containers that jobs of this process left."""
    found = [str(path) for path in temporary.iterdir()]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [line for line in mounts if str(temporary) in line]
    found += [str(path) for path in ROOT.glob(f"*/**/{PREFIX}{os.getpid()}-*")]
    if (client := connect()) is not None:
        with closing(client):
            listed = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
            mine = f"{os.getpid()}:"
            found += [c.id for c in listed if c.labels[LABEL].startswith(mine)]
    return found


@dataclass
class Targets:
    """What must stay out of reach, each first seen to be in reach of this process."""

    canary: Path
    mark: Path
    values: dict[str, str]


@pytest.fixture(scope="session")
def targets() -> Iterator[Targets]:
    """Give a file with a secret, listeners, and a token in this process's environment."""
    end = secrets.token_hex(8)
    secret = f"canary-{end}"
    with tempfile.TemporaryDirectory() as name, _Listening() as (port, abstract, path):
        folder = Path(name)
        folder.chmod(0o777)
        canary = folder / "canary"
        canary.write_text(secret)
        canary.chmod(0o644)
        os.environ["GITHUB_TOKEN"] = secret
        try:
            yield Targets(
                canary,
                folder / "mark",
                {
                    "canary": str(canary),
                    "mark": str(folder / "mark"),
                    "secret_end": end,
                    "checkout": str(Path(__file__).parents[3] / "pyproject.toml"),
                    "port": str(port),
                    "address": _address(),
                    "abstract": abstract,
                    "socket": path,
                },
            )
        finally:
            del os.environ["GITHUB_TOKEN"]


class _Listening:
    """Listeners of this machine: TCP, an abstract socket, and one with a path."""

    def __enter__(self) -> tuple[int, str, str]:
        self._folder = tempfile.TemporaryDirectory()
        Path(self._folder.name).chmod(0o755)
        abstract = f"boardwright-attack-{os.getpid()}"
        path = f"{self._folder.name}/socket"
        self._sockets = [socket.create_server(("0.0.0.0", 0))]  # noqa: S104
        for name in (f"\0{abstract}", path):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(name)
            listener.listen()
            self._sockets.append(listener)
        Path(path).chmod(0o777)
        for listener in self._sockets:
            threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        port = int(self._sockets[0].getsockname()[1])
        for host in ("127.0.0.1", _address()):  # an attack on a dead listener proves nothing
            socket.create_connection((host, port), 3).close()
        return port, abstract, path

    def __exit__(self, *_: object) -> None:
        for listener in self._sockets:
            listener.close()
        self._folder.cleanup()


def _accept(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


def _address() -> str:
    """Return this machine's address; the one that is asked about is for documentation only."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


Attack = Callable[..., Result]


@pytest.fixture
def attack(kind: Kind, targets: Targets) -> Attack:
    """Give a function that runs one attack script with a case, and sees that it began."""

    def run(
        script: str, *case: str, limits: Limits = LIMITS, outputs: dict[str, int] | None = None
    ) -> Result:
        result = kind.sandbox.run(
            attack_job(targets, script, *case, limits=limits, outputs=outputs)
        )
        assert "start" in result.log, result.log
        assert "ESCAPED" not in result.log, result.log
        return result

    return run


def attack_job(
    targets: Targets,
    script: str,
    *case: str,
    limits: Limits = LIMITS,
    outputs: dict[str, int] | None = None,
) -> Job:
    """Return the job of one attack."""
    inputs = {p.name: p.read_bytes() for p in ATTACKS.iterdir() if p.is_file()}
    inputs["targets.json"] = json.dumps(targets.values).encode()
    argv = ("python", f"/in/{script}.py", *case)
    return Job(argv, inputs, outputs or {}, Origin.LANGUAGE_MODEL, limits)
