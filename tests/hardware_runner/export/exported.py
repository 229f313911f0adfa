"""The stand-in project, exported."""

from __future__ import annotations

from pathlib import Path

from hardware_runner.board import Board
from hardware_runner.export import export_files, job_of
from hardware_runner.export.job import Job
from tests.hardware_runner.stand_in import APP_C, APP_H, FEATURES_C, FEATURES_H, GOAL_H, STAND_IN

PROJECT = {
    "goal.h": GOAL_H.encode(),
    "features.h": FEATURES_H.encode(),
    "features.c": FEATURES_C.encode(),
    "app.h": APP_H.encode(),
    "app.c": APP_C.encode(),
}


def job(board: Board, kind: str, **changed: str) -> Job:
    return job_of(board, kind, PROJECT, STAND_IN, **{"title": "Handwritten digits", **changed})


def write(folder: Path, board: Board, kind: str) -> Job:
    """Write the files of an export, as `write_export` does."""
    made = job(board, kind)
    for name, content in export_files(made, kind).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return made
