"""A clone made of the git objects that GitHub's API gives; git itself confirms their ids."""

from __future__ import annotations

import base64
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from tests.github.emulator.seed import PUBLIC
from tests.github.emulator.server import HubServer

_DEPTH = 2
"""Commits: the head of a pull request, and what it stands on."""


def check_out(server: HubServer, token: str, sha: str, folder: Path) -> None:
    """Leave the files of a commit, in a clone that knows the commit before."""
    folder.mkdir(parents=True)
    clone = _Clone(folder, f"{server.url}/repos/{PUBLIC}/git", token)
    clone.git("init", "-q")
    edge, commits = sha, 0
    while commits < _DEPTH:
        commits += 1
        edge, before = clone.commit(edge), edge
    (folder / ".git" / "shallow").write_text(f"{before}\n")
    clone.git("checkout", "-q", sha)


class _Clone:
    def __init__(self, folder: Path, url: str, token: str) -> None:
        self._folder, self._url = folder, url
        self._headers = {"authorization": f"token {token}"}
        self._known: set[str] = set()

    def git(self, *arguments: str, given: bytes = b"") -> str:
        command = ["git", "-C", str(self._folder), *arguments]
        done = subprocess.run(command, input=given, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, sha: str) -> str:
        """Write a commit with all that is in it; return its parent."""
        found = self._ask(f"commits/{sha}")
        self._tree(found["tree"]["sha"])
        parents = [parent["sha"] for parent in found["parents"]]
        lines = [
            f"tree {found['tree']['sha']}",
            *(f"parent {parent}" for parent in parents),
            f"author {_person(found['author'])}",
            f"committer {_person(found['committer'])}",
            "",
            found["message"],
        ]
        self._write("commit", "\n".join(lines).encode(), sha)
        return str(parents[0])

    def _tree(self, sha: str) -> None:
        if sha in self._known:
            return
        rows = self._ask(f"trees/{sha}")["tree"]
        for row in rows:
            if row["type"] == "tree":
                self._tree(row["sha"])
            elif row["sha"] not in self._known:
                blob = self._ask(f"blobs/{row['sha']}")
                self._write("blob", base64.b64decode(blob["content"]), row["sha"])
        listed = [f"{r['mode']} {r['type']} {r['sha']}\t{r['path']}\n" for r in rows]
        made = self.git("mktree", given="".join(listed).encode())
        assert made == sha
        self._known.add(sha)

    def _write(self, kind: str, content: bytes, sha: str) -> None:
        made = self.git("hash-object", "-w", "-t", kind, "--stdin", given=content)
        assert made == sha, f"{kind} {sha} is {made} for git"
        self._known.add(sha)

    def _ask(self, path: str) -> Any:
        answer = requests.get(f"{self._url}/{path}", headers=self._headers, timeout=30)
        answer.raise_for_status()
        return answer.json()


def _person(who: dict[str, str]) -> str:
    seconds = int(datetime.fromisoformat(who["date"]).timestamp())
    return f"{who['name']} <{who['email']}> {seconds} +0000"
