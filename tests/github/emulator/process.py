"""The emulator as a process: started once, reset before each test."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
INSTALL = "sh scripts/github-emulator.sh"


def missing() -> str | None:
    """Return why the emulator cannot be started, with the cure; None where it can."""
    if shutil.which("node") is None:
        return f"node is not installed; install Node.js 20 or later, then: {INSTALL}"
    if not any(FOLDER.glob("node_modules/.installed-*")):
        return f"the packages of GitHub's emulator (node) are not installed: {INSTALL}"
    return None


class Process:
    """A running emulator. `url` is its API's, `key` the app's private key."""

    def __init__(self, seed: dict[str, object]) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(seed, file)
            file.flush()
            self._process = subprocess.Popen(
                ["node", str(FOLDER / "launcher.mjs"), file.name],
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            ready = self._answer()
        self.url: str = ready["url"]
        self.key: str = ready["key"]

    def reset(self) -> None:
        """Forget all but the seed; takes about a millisecond."""
        self._say("reset")

    @property
    def memory_mib(self) -> int:
        """Return the memory that the process holds, in MiB."""
        return int(self._say("rss")["rss_mib"])

    def close(self) -> None:
        """End the process; it also ends by itself when this one does."""
        self._process.communicate("close\n", timeout=10)

    def _say(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the emulator ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer
