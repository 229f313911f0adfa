"""Stands in for `bot.work`: reads the same folder, leaves the same files, at once.

    python fake_work.py plan|build|revise FOLDER

What the request says steers it: `ASK` asks until there is an answer, `REFUSE` stops, `HANG` never
ends, `CRASH` ends without a word, and `SLOW` takes a while. Where a worker announces what it does
(remote.py), its work announces its beginning and its end.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

from bot.evidence import Stage
from bot.work.job import REQUEST, REVISION, Revision, Wanted
from bot.work.outcome import (
    OUTCOME,
    OUTCOME_FILE,
    Answered,
    Asking,
    Built,
    Line,
    Outcome,
    Planned,
    Stopped,
)
from bot.work.told import Cost, Finished, Noted, Started, Told

NAME = "three-fruits"
FOLDER = f"tinyml/{NAME}"
AUTHORITY = b"tests"
ANNOUNCED = ""
"""Stands where calls of a GitHub have a repository."""
ADDRESS, WORKER = "PLANT_ADDRESS", "PLANT_WORKER"
"""Variables: where the GitHub of a test is reached, and which worker this is the work of."""
Tell = Callable[[Told], None]


def plan(folder: Path, tell: Tell) -> Outcome:
    wanted = _wanted(folder)
    if "REFUSE" in wanted.body:
        return Stopped(
            whose="service", problem="The budget is spent.", cure="Wait until tomorrow.", again=True
        )
    if "ASK" in wanted.body and not wanted.answers:
        return Asking(text="1. Which board?")
    return Planned(
        name=NAME,
        title=wanted.title,
        understood=f"- {wanted.body}",
        plan=f"- {wanted.size.value} network",
        boards=wanted.boards or ("host",),
    )


def build(folder: Path, tell: Tell) -> Outcome:
    wanted = _wanted(folder)
    tell(Noted(text="training"))
    for stage in Stage:
        tell(Started(stage=stage))
        if "SLOW" in wanted.body:
            time.sleep(0.2)
        while "HANG" in wanted.body:
            time.sleep(1)
        tell(Finished(stage=stage, checks=3, missed=(), unproven=(), seconds=1.0, resumed=False))
    tell(Cost(calls=2, tokens=1234, usd=0.02))
    files = {"train.py": f"# {wanted.size.value}, {wanted.body}\n".encode()}
    return _publication(folder, wanted, files, ())


def revise(folder: Path, tell: Tell) -> Outcome:
    wanted = _wanted(folder)
    revision = Revision.model_validate_json((folder / REVISION).read_bytes())
    if any("IMPOSSIBLE" in remark.text for remark in revision.remarks):
        return Stopped(whose="request", problem="It cannot be.", cure="Ask less.", again=False)
    old = (folder / "revision" / "train.py").read_bytes()
    said = "".join(f"# {remark.text}\n" for remark in revision.remarks).encode()
    answers = tuple(
        Answered(thread=r.thread, text="Done.", settled="?" not in r.text) for r in revision.remarks
    )
    return _publication(folder, wanted, {"train.py": old + said}, answers)


def _wanted(folder: Path) -> Wanted:
    return Wanted.model_validate_json((folder / REQUEST).read_bytes())


def _publication(
    folder: Path, wanted: Wanted, files: dict[str, bytes], answers: tuple[Answered, ...]
) -> Built:
    place = folder / "publication"
    for name, content in files.items():
        _write(place / "files" / name, content)
    _write(place / "title.txt", b"Three fruits")
    _write(place / "body.md", f"Closes #{wanted.number}\n".encode())
    _write(place / "status.md", b"It cost nothing.\n")
    for board in wanted.boards or ("host",):
        _write(place / "comments" / f"{board}.md", f"{board}: pass\n".encode())
    return Built(
        folder=FOLDER,
        title="Three fruits",
        draft=False,
        missed=1 if "MISS" in wanted.body else 0,
        unproven=0,
        headline="All limits are met",
        summary="| check |",
        lines=(Line(path="train.py", line=1, title="slow", message="too slow"),),
        answers=answers,
    )


WORK = {"plan": plan, "build": build, "revise": revise}


def leave(folder: Path, outcome: Outcome) -> None:
    _write(folder / OUTCOME, OUTCOME_FILE.dump_json(outcome))


def _write(path: Path, content: bytes) -> None:
    """Write a file in one step; `bot.workspace` would bring all that a project needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(content)
    half.replace(path)


def call(address: str, pid: int, repository: str, method: str, *arguments: object) -> Any:
    """Have the process of the test do something, and return or raise what came of it."""
    with Client(address, "AF_UNIX", authkey=AUTHORITY) as connection:
        connection.send((pid, repository, method, arguments))
        good, answer = connection.recv()
    if good:
        return answer
    raise answer


def _announce(kind: str, done: bool) -> None:
    if address := os.environ.get(ADDRESS):
        call(address, int(os.environ[WORKER]), ANNOUNCED, kind, done)


def main() -> int:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    _announce(kind, False)
    with (folder / "begun.jsonl").open("a", encoding="utf-8") as begun:
        begun.write(json.dumps({"kind": kind}) + "\n")

    def tell(told: Told) -> None:
        print(told.model_dump_json(), flush=True)  # noqa: T201

    if "CRASH" in _wanted(folder).body and kind == "build":
        return 1
    leave(folder, WORK[kind](folder, tell))
    _announce(kind, True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
