"""What benches say, made for tests: truth of a small test set, reports of boards, zip files."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bot.goal import DataSource, Goal, Limits, RawInput, RawType, Task
from bot.measured.truth import Truth
from bot.stages.arrays import dump_small
from bot.stages.goal_header import goal_toml
from hardware_runner.report import Cost, Footprint, RunOutcome, RunReport
from hardware_runner.results import RESULTS_FILE, Measured, Results

COMMIT, OTHER = "a" * 40, "b" * 40
PROJECT = "tinyml/three-fruits"
LABELS = ("apple", "pear", "plum")
N = 90
TRUTH = tuple(i % 3 for i in range(N))


def scores(answers: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(100 if c == a else -100 + c for c in range(3)) for a in answers)


HOST = tuple((t + 1) % 3 if i in (5, 40) else t for i, t in enumerate(TRUTH))
"""What the host answers: two mistakes."""


def sha_of(rows: tuple[tuple[int, ...], ...]) -> str:
    return hashlib.sha256(np.asarray(rows, dtype=np.int8).tobytes()).hexdigest()


def goal(boards: tuple[str, ...] = ("nucleo-f446re",), **limits: Any) -> Goal:
    return Goal(
        name="three-fruits",
        title="Three fruits",
        statement="Tell fruits apart.",
        task=Task.TABULAR_SENSOR,
        data=DataSource(uri="csv:fruit.csv"),
        labels=LABELS,
        raw=RawInput(shape=(4,), dtype=RawType.FLOAT32, unit="reflectance"),
        boards=boards,
        limits=Limits(**limits),
    )


def truth(wanted: Goal | None = None, built: tuple[str, ...] = ()) -> Truth:
    wanted = wanted or goal()
    return Truth(COMMIT, PROJECT, wanted, TRUTH, HOST, sha_of(scores(HOST)), built)


def cost(unit: str = "us", model: float = 1_800.0, spread: float = 0.004) -> Cost:
    return Cost(
        unit="us" if unit == "us" else "instructions",
        method="DWT cycle counter over 180 MHz" if unit == "us" else "QEMU's virtual time",
        features_median=200.0,
        features_max=202.0 if spread else 200.0,
        model_median=model,
        model_max=model * (1 + 2 * spread),
        features_p99=201.0 if spread else 200.0,
        model_p99=model * (1 + spread),
    )


def footprint(flash: int = 39_440, stack: int | None = 1_024) -> Footprint:
    return Footprint(
        flash_bytes=flash,
        flash_limit_bytes=524_288,
        ram_bytes=15_744,
        ram_limit_bytes=131_072,
        stack_bytes=stack,
        model_code_bytes=9_000,
        model_constant_bytes=20_000,
        arena_bytes=8_192,
    )


def report(board: str = "nucleo-f446re", answers: Sequence[int] = HOST, **fields: Any) -> RunReport:
    said: dict[str, Any] = {
        "core": "Cortex-M4F",
        "verified": "hardware",
        "outcome": RunOutcome.PASS,
        "firmware_sha256": "c" * 64,
        "samples": len(answers),
        "samples_per_second": 212.5,
        "scores": scores(answers),
        "cost": cost(),
        "footprint": footprint(),
        "tools": {"arm-none-eabi-gcc": "12.2.1", "openocd": "0.12.0"},
    }
    return RunReport(board=board, **(said | fields))


def broken(board: str, reason: str, outcome: RunOutcome = RunOutcome.INFRASTRUCTURE) -> RunReport:
    return RunReport(
        board=board, core="Cortex-M0+", verified="hardware", outcome=outcome, reason=reason
    )


def results(*reports: RunReport, commit: str = COMMIT, bench: str = "attic") -> Results:
    boards = tuple(
        Measured(place=f"place-{index}", seconds=12.5, report=one, recoveries=("reset by probe",))
        for index, one in enumerate(reports or (report(),))
    )
    return Results(
        bench=bench,
        project=PROJECT,
        commit=commit,
        bundle_sha256="d" * 64,
        started=datetime(2026, 11, 21, 12, tzinfo=UTC),
        boards=boards,
    )


def plain(*reports: RunReport, **fields: Any) -> dict[str, Any]:
    """Return results as JSON says them, to be spoiled."""
    said: dict[str, Any] = results(*reports, **fields).model_dump(mode="json")
    return said


def zipped(content: object, name: str = RESULTS_FILE, also: Mapping[str, bytes] = {}) -> bytes:
    """Return an artifact; what is no text is written as JSON."""
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        for other, more in also.items():
            archive.writestr(other, more)
    return buffer.getvalue()


def artifact(*reports: RunReport, **fields: Any) -> bytes:
    return zipped(plain(*reports, **fields))


def project_files(wanted: Goal | None = None, folder: str = PROJECT) -> dict[str, bytes]:
    """Return the files of a project that say what must come out."""
    evidence = {
        "schema_version": 1,
        "host": {
            "samples": N,
            "scores_sha256": sha_of(scores(HOST)),
            "predictions": list(HOST),
            "truth": list(TRUTH),
        },
        "runs": [{"board": "mps2-an386", "outcome": "pass"}],
    }
    x = np.zeros((N, 4), dtype=np.float32)
    return {
        f"{folder}/goal.toml": goal_toml(wanted or goal()).encode(),
        f"{folder}/evidence.json": json.dumps(evidence).encode(),
        f"{folder}/testset.npz": dump_small(x=x, y=np.asarray(TRUTH, dtype=np.int64)),
    }
