"""git, driven as a program: the only place where this room starts it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Infrastructure, ToolMissing

# What ties git to another repository than the one named.
# Source: `git rev-parse --local-env-vars`, git 2.39.
_LOCAL_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
# No hook of the user's is for us, and a second index in shared parts would be written into .git.
_OPTIONS = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.splitIndex=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.filesRefLockTimeout=2000"),  # milliseconds, bounded
)
_LOCK = re.compile(r"[Uu]nable to create '(?P<path>[^']+\.lock)': File exists")


class GitError(Exception):
    """git ended with another status than 0; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in one folder.

    `keep_open` is a file descriptor that each child inherits: a lock on it is held until the last
    child has ended, even where this process is killed.
    """

    folder: Path
    keep_open: int | None = None

    def run(
        self, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
    ) -> bytes:
        """Return what git prints.

        Raises:
            GitError: git refused; the message is its own.
            Infrastructure: the disk is full or a lock is held; the message names the cure.
            ToolMissing: there is no git.
        """
        environment = {k: v for k, v in os.environ.items() if k not in _LOCAL_VARIABLES}
        environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(variables or {})}
        try:
            done = subprocess.run(
                ["git", *_OPTIONS, *arguments],
                cwd=self.folder,
                env=environment,
                input=stdin,
                capture_output=True,
                pass_fds=() if self.keep_open is None else (self.keep_open,),
                check=False,
            )
        except FileNotFoundError:
            raise ToolMissing("git is not installed.", "sudo apt-get install git") from None
        if done.returncode:
            message = done.stderr.decode("utf-8", "replace").strip()
            _explain(message, self.folder)
            raise GitError(message or f"git {arguments[0]} ended with status {done.returncode}.")
        return done.stdout

    def line(
        self, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
    ) -> str:
        """Return what git prints, as text without the line end; raises as `run` does."""
        return self.run(*arguments, stdin=stdin, variables=variables).decode().strip()

    def ask(self, *arguments: str) -> str | None:
        """Return what git prints, or None where it says no (status 1 or 128)."""
        try:
            return self.line(*arguments)
        except GitError:
            return None


def _explain(message: str, folder: Path) -> None:
    if "No space left on device" in message or "Disk quota exceeded" in message:
        raise Infrastructure(
            "The disk is full: git could not write. Nothing was published by half; free some space "
            "and publish again.",
            f"df -h {folder}",
        )
    if found := _LOCK.search(message):
        raise Infrastructure(
            f"Another git process holds {found['path']}. Wait until it has ended and publish "
            "again; if none is running, it died and left the file behind.",
            f"rm {found['path']}",
        )
