"""Run a job in namespaces of its own, by bubblewrap: isolated, with or without root.

Three things look safe and are not; each is mended here and has a test:

- `--clearenv` clears the program's environment, not that of bubblewrap's own first process, which
  the program can read. So bubblewrap itself is started with an empty one.
- Root outside stays root for the kernel's settings in /proc/sys. So root gives itself up first.
- Memory can be held without any process mapping it. So the calls for that are filtered, and a
  control group bounds all memory where one can be made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bot.sandbox import seccomp
from bot.sandbox.cgroup import ControlGroup, control_group
from bot.sandbox.job import Job, Limits, Origin, Result
from bot.sandbox.quota import output_quota
from bot.sandbox.supervise import KILLED_CODE, Watched, conclude, supervise
from bot.sandbox.surroundings import (
    INSIDE_PACKAGES,
    PACKAGE_ROOT,
    PACKAGES,
    SANDBOX_ID,
    isolated_environment,
    prepare,
)
from bot.sandbox.tree import kill_tree, tree_limits
from bot.sandbox.trouble import isolated_verdict
from bot.scratch import scratch

_SHM_BYTES = 16 << 20
_MARGIN = 16  # so that the watch sees too many processes before the kernel refuses more
_SYSTEM_PATH = "/usr/bin:/usr/local/bin"

# As root: join the groups, make folders that only root can reach visible to another user in a
# mount namespace that ends with the job, and become that user. Arguments: a folder to mount on, the
# groups' doors, --, folders to show, --, the command.
_AS_ROOT = """\
set -e
stage=$1; shift
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
mount -t tmpfs -o size=64k,mode=0755 boardwright "$stage"
count=0
while [ "$1" != -- ]; do
    mkdir "$stage/$count"; mount --bind "$1" "$stage/$count"; count=$((count + 1)); shift
done; shift
exec "$@"
"""
_AS_USER = """\
set -e
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
exec "$@"
"""


class BubblewrapSandbox:
    """Runs jobs of any origin under bubblewrap.

    Args:
        groups: use control groups where they can be made; without them memory and processes are
            watched instead, and processor time is not bounded.
    """

    name = "bubblewrap"

    def __init__(self, *, groups: bool = True) -> None:
        self._groups = groups

    def run(self, job: Job) -> Result:
        """Run a job in namespaces of its own and collect its results.

        Raises:
            Infrastructure: the machine let it down.
            OSError: there is no room for its files.
        """
        with scratch() as folder, self._group(job.limits) as group:
            folder.chmod(0o711)  # passable, not readable, for the user that the job becomes
            prepare(folder, job.inputs)
            result = _run_in(folder, job, group)
        return isolated_verdict(result, job.origin)

    @contextmanager
    def _group(self, limits: Limits) -> Iterator[ControlGroup | None]:
        if not self._groups:
            yield None
            return
        with control_group(limits) as group:
            yield group


def missing() -> str:
    """Return what keeps bubblewrap from working here, with its cure; empty if nothing does."""
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return "bubblewrap is not installed: sudo apt-get install bubblewrap (Linux only)"
    if not seccomp.supported():
        return "there is no filter of system calls for this processor; use Docker"
    job = Job(("python", "-c", "import bot.sandbox.job"), {}, {}, Origin.TEMPLATE)
    with scratch() as folder:
        folder.chmod(0o711)
        prepare(folder, {})
        result = _run_in(folder, job, None)
    if result.completed:
        return ""
    said = " ".join(result.log.split())[-300:]
    return (
        f"bubblewrap is installed but does not work here ({said}). It needs user namespaces "
        "(sysctl kernel.unprivileged_userns_clone=1; on Ubuntu "
        "kernel.apparmor_restrict_unprivileged_userns=0), as root the right to mount, and files "
        "of Boardwright and Python that other users may read"
    )


def _run_in(folder: Path, job: Job, group: ControlGroup | None) -> Result:
    handle = seccomp.open_program()
    try:
        with subprocess.Popen(
            _command(folder, job, group, handle),
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(handle,),
        ) as process:
            try:
                watched = _watch(process, folder, job, group)
            finally:
                kill_tree(process.pid)
            code = process.wait()
    finally:
        os.close(handle)
    return conclude(job, watched, KILLED_CODE if code < 0 else code, folder / "out")


def _watch(
    process: subprocess.Popen[bytes], folder: Path, job: Job, group: ControlGroup | None
) -> Watched:
    stream = process.stdout
    assert stream is not None  # noqa: S101  (PIPE was asked for)
    limits = job.limits
    bounds = tree_limits(process.pid, limits) if group is None else group.broken
    probes = (bounds, output_quota(folder / "out", limits))
    return supervise(stream.fileno(), lambda: process.poll() is not None, job, probes)


def _command(folder: Path, job: Job, group: ControlGroup | None, handle: int) -> list[str]:
    doors = [str(door) for door in group.doors] if group else []
    shown = _shown()
    if os.geteuid() != 0:
        inside = _inside(folder, job, [(source, target) for source, target in shown], handle)
        return ["sh", "-c", _AS_USER, "sh", *doors, "--", *_bounded(job.limits), *inside]
    stage = folder / "stage"
    stage.mkdir(exist_ok=True)
    staged = [(str(stage / str(i)), target) for i, (_, target) in enumerate(shown)]
    return [
        *("unshare", "--mount", "--propagation", "private", "sh", "-c", _AS_ROOT, "sh"),
        *(str(stage), *doors, "--", *(source for source, _ in shown), "--"),
        *("setpriv", "--reuid", str(SANDBOX_ID), "--regid", str(SANDBOX_ID), "--clear-groups"),
        *("--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"),
        *_bounded(job.limits),
        *_inside(folder, job, staged, handle),
    ]


def _bounded(limits: Limits) -> list[str]:
    """Return the limits that the kernel keeps for each process on its own."""
    return [
        *("prlimit", "--core=0", "--nofile=1024", f"--fsize={limits.output_bytes}"),
        *(f"--cpu={int(limits.seconds * limits.cores) + 5}", "--"),
    ]


def _shown() -> list[tuple[str, str]]:
    """Return folders of this machine that a job may read, and where it finds them.

    Our packages one by one: a checkout around them has a history, and may hold keys.
    """
    interpreter = dict.fromkeys((sys.base_prefix, sys.prefix))
    return [
        *((path, path) for path in interpreter if path != "/usr"),
        *((str(PACKAGE_ROOT / name), f"{INSIDE_PACKAGES}/{name}") for name in PACKAGES),
    ]


def _inside(folder: Path, job: Job, shown: Sequence[tuple[str, str]], handle: int) -> list[str]:
    program, *arguments = job.argv
    argv = [sys.executable if program == "python" else program, *arguments]
    uid = SANDBOX_ID if os.geteuid() == 0 else os.getuid()
    variables = isolated_environment(f"{Path(sys.executable).parent}:{_SYSTEM_PATH}")
    return [
        *(
            shutil.which("bwrap") or "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
        ),
        *("--unshare-user", "--uid", str(uid), "--gid", str(uid), *_no_more_users()),
        *("--hostname", "sandbox", "--clearenv", "--seccomp", str(handle)),
        *("--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"),
        *("--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin"),
        *("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"),
        *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
        *("--proc", "/proc", "--dev", "/dev", "--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--size", str(job.limits.tmp_bytes), "--tmpfs", "/tmp"),  # noqa: S108
        *(part for source, target in shown for part in ("--ro-bind", source, target)),
        *("--ro-bind", str(folder / "in"), "/in", "--bind", str(folder / "out"), "/out"),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"),
        *(part for name, value in variables.items() for part in ("--setenv", name, value)),
        *("--", *_processes(job.limits), *argv),
    ]


@cache
def _no_more_users() -> tuple[str, ...]:
    """Return the option that forbids nested user namespaces, which the filter forbids as well.

    Source: bubblewrap's NEWS: `--disable-userns` since 0.8.
    """
    told = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return ("--disable-userns",) if "--disable-userns" in told.stdout + told.stderr else ()


def _processes(limits: Limits) -> list[str]:
    """Return a bound on processes, a little above the one that is watched.

    It is set inside, as only the job's own processes are counted there. Kernels before 5.14 count
    a user's processes everywhere: there they are only watched.
    Source: Linux commit 21d1c5e386bc ("Reimplement RLIMIT_NPROC on top of ucounts").
    """
    major, minor = (int(part) for part in os.uname().release.split(".")[:2])
    if (major, minor) < (5, 14):
        return ["env"]
    return ["prlimit", f"--nproc={limits.processes + _MARGIN}", "--"]
