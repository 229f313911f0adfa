"""Run a job in a container of Docker, under gVisor's kernel where the daemon has it."""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests
from docker.types import LogConfig, Mount, Ulimit

from bot.errors import Infrastructure
from bot.sandbox.image import BUILD, image_exists, image_name, recipe_missing
from bot.sandbox.job import Job, Limits, Origin, Reason, Result
from bot.sandbox.quota import output_quota
from bot.sandbox.supervise import Probe, Watched, conclude, supervise
from bot.sandbox.surroundings import (
    INSIDE_PACKAGES,
    PACKAGE_ROOT,
    PACKAGES,
    SANDBOX_ID,
    isolated_environment,
    prepare,
)
from bot.sandbox.trouble import isolated_verdict
from bot.scratch import scratch

LABEL = "boardwright.sandbox"
PLACE_LABEL = "boardwright.place"
GVISOR = "runsc"

_TMP = "rw,nosuid,nodev,exec,size={},nr_inodes=20000,mode=1777"  # firmware is built and run there
_SHM = "rw,nosuid,nodev,noexec,size=16m,nr_inodes=1000,mode=1777"
_LOG = LogConfig(type="json-file", config={"max-size": "2m", "max-file": "1"})
_PATH = "/venv/bin:/usr/bin:/bin"
_FILTER = ("python3", "-m", "bot.sandbox.seccomp")
_ANSWER_S = 30.0
_COUNT_S = 0.5
_LAST_WORDS_S = 5.0
_GVISOR_THREADS = 128  # its own count as the container's
_GONE = (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError)


class DockerSandbox:
    """Runs jobs of any origin in containers without network, capabilities or a writable root.

    Args:
        client: of a daemon on this machine.
        image: what to run in.
        runtime: of the daemon's; empty for its own.
    """

    def __init__(self, client: docker.DockerClient, image: str, runtime: str = "") -> None:
        self._client = client
        self._image = image
        self._runtime = runtime
        self.name = f"Docker, {runtime}" if runtime else "Docker"

    def run(self, job: Job) -> Result:
        """Run a job in a container of its own and collect its results.

        Raises:
            Infrastructure: the daemon or the machine let it down.
            OSError: there is no room for its files.
        """
        with scratch() as folder:
            prepare(folder, job.inputs)
            try:
                result = self._run_in(folder, job)
            except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
                raise Infrastructure(f"Docker did not run a job: {error}", "docker info") from error
        return isolated_verdict(result, job.origin)

    def problem(self) -> str:
        """Say what keeps a small job from running; empty if nothing does."""
        probe = "import bot.sandbox.job, shutil; shutil.copy('in/x', 'out/x')"
        job = Job(("python", "-c", probe), {"x": b"x"}, {"x": 1}, Origin.TEMPLATE)
        try:
            result = self.run(job)
        except Infrastructure as error:
            return str(error)
        return "" if result.completed else " ".join(result.log.split())[-300:]

    def _run_in(self, folder: Path, job: Job) -> Result:
        container = self._client.containers.create(**self._settings(folder, job))
        try:
            watched, code, out_of_memory = _follow(container, folder, job)
        finally:
            container.remove(force=True)
        if out_of_memory:
            watched = _stopped(watched, Reason.MEMORY)
        return conclude(job, watched, code, folder / "out")

    def _settings(self, folder: Path, job: Job) -> dict[str, Any]:
        limits = job.limits
        return {
            "image": self._image,
            "command": [*_until(limits), *_FILTER, *_argv(job)],
            "labels": labels(),
            "runtime": self._runtime or None,
            "network_mode": "none",
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "user": f"{_user()}:{_user()}",
            "mem_limit": limits.memory_bytes,
            "memswap_limit": limits.memory_bytes,  # as much: so no swap on top
            "pids_limit": limits.processes + (_GVISOR_THREADS if self._runtime == GVISOR else 0),
            "nano_cpus": int(min(limits.cores, os.cpu_count() or 1) * 1e9),
            "ipc_mode": "private",
            "init": True,
            "tmpfs": {"/tmp": _TMP.format(limits.tmp_bytes), "/dev/shm": _SHM},  # noqa: S108
            "ulimits": _ulimits(limits),
            "log_config": _LOG,
            "mounts": _mounts(folder),
            "environment": isolated_environment(_PATH),
            "use_config_proxy": False,  # proxies of ours, and their passwords, are not for a job
            "working_dir": "/",
            "hostname": "sandbox",
            "detach": True,
        }


def connect() -> docker.DockerClient | None:
    """Return a client of this machine's daemon; None where none answers."""
    with contextlib.suppress(docker.errors.DockerException, requests.exceptions.RequestException):
        client = docker.from_env(timeout=int(_ANSWER_S))
        client.ping()
        return client
    return None


def available() -> DockerSandbox | str:
    """Return the sandbox that this machine's daemon gives, or what is missing, with its cure."""
    client = connect()
    if client is None:
        return (
            f"no Docker daemon answers. Install and start Docker, or join its group; then {BUILD}"
        )
    if problem := recipe_missing():
        return f"Docker is there, but {problem}"
    name = image_name()
    if not image_exists(client, name):
        return f"Docker is there, but the sandbox's image is not: {BUILD}"
    sweep(client)
    runtimes = client.info().get("Runtimes", {})
    sandbox = DockerSandbox(client, name, GVISOR if GVISOR in runtimes else "")
    if problem := sandbox.problem():
        return f"Docker is there, but a container cannot be used ({problem})"
    return sandbox


def sweep(client: docker.DockerClient) -> int:
    """Remove containers whose Boardwright is dead; return how many.

    Others may start, end and sweep at the same time. Of processes that cannot be seen from here,
    such as those of another container that shares the daemon, nobody here knows whether they live:
    their containers end by their own deadline.
    """
    removed = 0
    mine: dict[str, Any] = {"label": f"{PLACE_LABEL}={_place()}"}
    for container in client.containers.list(all=True, filters=mine, ignore_removed=True):
        owner = container.labels.get(LABEL, "")
        if owner_of(int(owner.partition(":")[0] or 0)) != owner:
            with contextlib.suppress(docker.errors.APIError):  # somebody else removes it
                container.remove(force=True)
                removed += 1
    return removed


def labels() -> dict[str, str]:
    """Return the labels of this process's containers, by which `sweep` knows them."""
    return {LABEL: owner_of(os.getpid()), PLACE_LABEL: _place()}


def owner_of(pid: int) -> str:
    """Return a process's id with its start, which no later process of that id shares.

    Source: proc(5), /proc/pid/stat, field 22.
    """
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return f"{pid}:"
    return f"{pid}:{started}"


def _place() -> str:
    """Return what all processes share that see each other's ids; empty where /proc is not there.

    Source: pid_namespaces(7).
    """
    with contextlib.suppress(OSError):
        return f"{platform.node()}:{Path('/proc/self/ns/pid').stat().st_ino}"
    return platform.node()


def _until(limits: Limits) -> tuple[str, ...]:
    """Return a deadline of the container's own, for when nobody is left to watch it."""
    return "timeout", "--signal=KILL", str(int(limits.seconds + 2 * _ANSWER_S))


def _argv(job: Job) -> tuple[str, ...]:
    return tuple("python3" if part == "python" else part for part in job.argv[:1]) + job.argv[1:]


def _follow(container: Any, folder: Path, job: Job) -> tuple[Watched, int, bool]:
    """Start a container, watch it, and end it if it must; return also code and out-of-memory."""
    limits = job.limits
    stream = container.attach(stdout=True, stderr=True, stream=True, logs=True)
    container.start()
    reading, writing = os.pipe()
    try:
        pump = threading.Thread(target=_pump, args=(stream, writing), daemon=True)
        pump.start()
        waiting = _Waiting(container, limits.seconds + _ANSWER_S, pump)
        waiting.start()
        probes = (_full_of_processes(container, limits), output_quota(folder / "out", limits))
        watched = supervise(reading, lambda: not waiting.is_alive(), job, probes)
    finally:
        os.close(reading)
    if waiting.is_alive():
        with contextlib.suppress(docker.errors.APIError):
            container.kill()
    waiting.join()
    container.reload()
    state = container.attrs["State"]
    return watched, int(state["ExitCode"]), bool(state["OOMKilled"])


class _Waiting(threading.Thread):
    """Waits for a container's end, and then a moment until all that it printed was passed on."""

    def __init__(self, container: Any, patience_s: float, pump: threading.Thread) -> None:
        super().__init__(daemon=True)
        self._container = container
        self._patience_s = patience_s
        self._pump = pump

    def run(self) -> None:
        with contextlib.suppress(*_GONE, docker.errors.APIError):
            self._container.wait(timeout=self._patience_s)
        self._pump.join(_LAST_WORDS_S)


def _pump(stream: Iterator[bytes], writing: int) -> None:
    """Copy a container's output into a pipe; what nobody reads any more is dropped.

    It must be taken all the same: a container whose output waits does not come to its end.
    """
    wanted = True
    with contextlib.suppress(OSError, *_GONE, docker.errors.APIError):
        for chunk in stream:
            view = memoryview(chunk)
            while wanted and view:
                try:
                    view = view[os.write(writing, view) :]
                except BrokenPipeError:
                    wanted = False
    os.close(writing)


def _full_of_processes(container: Any, limits: Limits) -> Probe:
    """Return a probe of how many processes a container has, as its daemon counts them."""
    counted = time.monotonic()

    def look() -> Reason | None:
        nonlocal counted
        if time.monotonic() - counted < _COUNT_S:
            return None
        counted = time.monotonic()
        with contextlib.suppress(docker.errors.DockerException, *_GONE):
            stats = container.client.api.stats(container.id, stream=False, one_shot=True)
            current = stats.get("pids_stats", {}).get("current", 0)
            return Reason.PROCESSES if current >= limits.processes else None
        return None

    return look


def _stopped(watched: Watched, reason: Reason) -> Watched:
    return Watched(watched.stopped_for or reason, watched.log, watched.truncated, watched.began)


def _user() -> int:
    """Return who a job runs as: never root, and else whoever may read what it leaves."""
    return os.geteuid() or SANDBOX_ID


def _ulimits(limits: Limits) -> list[Ulimit]:
    most = limits.output_bytes
    return [
        Ulimit(name="nofile", soft=1024, hard=1024),
        Ulimit(name="core", soft=0, hard=0),
        Ulimit(name="fsize", soft=most, hard=most),
    ]


def _mounts(folder: Path) -> list[Mount]:
    packages = [
        Mount(f"{INSIDE_PACKAGES}/{name}", str(PACKAGE_ROOT / name), type="bind", read_only=True)
        for name in PACKAGES
    ]
    return [
        Mount("/in", str(folder / "in"), type="bind", read_only=True),
        Mount("/out", str(folder / "out"), type="bind"),
        *packages,
    ]
