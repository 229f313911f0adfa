"""Proposals to render: one that holds, one that misses a limit, one whose board failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.goal import DataSource, Goal, Limits, RawInput, RawType, Task
from bot.proposal import AuthoredFile, Figures, Proposal
from hardware_runner.report import Cost, Footprint, RunOutcome, RunReport

DIGITS = tuple(str(digit) for digit in range(10))


def goal(labels: Sequence[str] = DIGITS, title: str = "Read handwritten digits") -> Goal:
    return Goal(
        name="digits",
        title=title,
        statement="Tell the ten digits apart on an 8 x 8 sensor.\nIt must run on a small part.",
        task=Task.IMAGE_CLASSIFICATION,
        data=DataSource(uri="sklearn:digits", label_column="digit"),
        labels=tuple(labels),
        raw=RawInput(shape=(8, 8), dtype=RawType.UINT8, unit="grey level, 0 to 16"),
        boards=("host", "mps2-an386"),
        limits=Limits(accuracy_min=0.95, flash_max_bytes=65536),
    )


def figures(classes: int = 10, each: int = 45, wrong: float = 0.03) -> Figures:
    """Scores drawn from one seed: `wrong` of the samples are taken for the next class."""
    random = np.random.default_rng(7)
    truth = np.repeat(np.arange(classes), each).astype(np.int64)
    best = np.where(random.random(len(truth)) < wrong, (truth + 1) % classes, truth)
    logits = random.normal(0, 1, (len(truth), classes))
    logits[np.arange(len(truth)), best] += 7
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    int8 = np.clip(np.round(shares * 256) - 128, -128, 127).astype(np.int8)
    epochs = np.arange(1, 31)
    history = {
        "loss": 2.2 * np.exp(-epochs / 6) + 0.05,
        "accuracy": 1 - 0.8 * np.exp(-epochs / 5),
        "val_loss": 2.2 * np.exp(-epochs / 6) + 0.12,
        "val_accuracy": 0.98 - 0.8 * np.exp(-epochs / 5),
    }
    return Figures(
        truth=truth,
        float_scores=shares.astype(np.float32),
        int8_scores=int8,
        output_scale=1 / 256,
        output_zero_point=-128,
        history={key: tuple(round(float(v), 6) for v in rows) for key, rows in history.items()},
        board_predictions={
            "host": int8.argmax(axis=1).astype(np.int64),
            "mps2-an386": int8.argmax(axis=1).astype(np.int64),
        },
    )


def report(name: str, measured: Figures) -> RunReport:
    emulated = name != "host"
    scores = tuple(tuple(int(v) for v in row) for row in measured.int8_scores)
    return RunReport(
        board=name,
        core="Cortex-M4F" if emulated else "host",
        verified="emulator" if emulated else "host",
        outcome=RunOutcome.PASS,
        firmware_sha256="ab" * 32,
        samples=len(scores),
        samples_per_second=812.25,
        scores=scores,
        decisions=tuple(row.index(max(row)) for row in scores),
        cost=Cost(
            unit="instructions",
            method="QEMU's virtual clock, -icount shift=10; two loops of known length checked it",
            features_median=1210,
            features_max=1210,
            model_median=96_512,
            model_max=96_930,
        )
        if emulated
        else None,
        footprint=Footprint(
            flash_bytes=23_512,
            flash_limit_bytes=4_194_304,
            ram_bytes=6_212,
            ram_limit_bytes=4_194_304,
            stack_bytes=612 if emulated else None,
            model_code_bytes=5_120,
            model_constant_bytes=9_876,
            arena_bytes=1_536,
        )
        if emulated
        else None,
        tools={"arm-none-eabi-gcc": "12.2.1", "qemu-system-arm": "7.2.19"} if emulated else {},
    )


def evidence(accuracy: float = 97.33) -> tuple[Evidence, ...]:
    return (
        judge("data.records", Stage.DATA, "Records in the source", 1797, "records", Relation.NONE,
              None, "counted as they stand in the source"),
        judge("data.leaks", Stage.DATA, "Held-out inputs that are also learnt from", 0, "samples",
              Relation.EQUAL, 0, "inputs compared byte for byte, as the board receives them"),
        judge("convert.oracle_equal", Stage.CONVERT, "Outputs equal to TensorFlow Lite Micro's",
              450, "samples", Relation.EQUAL, 450, "every output byte of every held-out sample"),
        judge("firmware.accuracy", Stage.FIRMWARE, "Accuracy on mps2-an386", accuracy, "%",
              Relation.AT_LEAST, 95.0, "450 held-out samples fed raw to the firmware",
              detail="Ask for a larger model, or for more samples of the class 8.", source="goal"),
        judge("firmware.flash", Stage.FIRMWARE, "Flash of the firmware", 23_512, "bytes",
              Relation.AT_MOST, 65_536, "read from the linked ELF", source="goal"),
    )  # fmt: skip


def passing() -> Proposal:
    measured = figures()
    rows = ["p0,p1,digit", *(f"{i % 16},{i % 3},{i % 10}" for i in range(1347))]
    files = {
        "goal.toml": b'name = "digits"\n',
        "data.py": b"def load(path): ...\n",
        "features.h": b"#pragma once\n",
        "features.c": b'#include "features.h"\n',
        "train.py": b"def fit(): ...\n",
        "convert.py": b"def convert(): ...\n",
        "app.c": b'#include "app.h"\n',
        "train.csv": ("\n".join(rows) + "\n").encode(),
        "model.tflite": bytes(range(256)) * 40,
    }
    authored = tuple(
        AuthoredFile(path, stage, "template: image-classification", 1)
        for path, stage in (
            ("data.py", Stage.DATA),
            ("features.c", Stage.FEATURES),
            ("features.h", Stage.FEATURES),
            ("train.py", Stage.TRAIN),
            ("convert.py", Stage.CONVERT),
            ("app.c", Stage.FIRMWARE),
        )
    )
    return Proposal(
        goal=goal(),
        files=files,
        authored=authored,
        evidence=evidence(),
        reports=(report("host", measured), report("mps2-an386", measured)),
        figures=measured,
        inputs_sha256={"sklearn:digits": "cd" * 32},
        training={str(i): 135 - (i > 6) for i in range(10)},
        tools={"tensorflow": "2.21.0", "boardwright": "0.1.0"},
    )


def missed() -> Proposal:
    return replace(
        passing(),
        evidence=evidence(accuracy=93.1),
        tried=("width 8: 91.2 %", "width 16: 93.1 %, 41,200 bytes of flash"),
    )


def infrastructure() -> Proposal:
    good = passing()
    unproven = Evidence(
        check="firmware.answers",
        stage=Stage.FIRMWARE,
        claim="Answers of mps2-an386 equal the host's",
        value=None,
        unit="samples",
        relation=Relation.EQUAL,
        limit=450,
        method="every output byte of every held-out sample",
        outcome=Outcome.INFRASTRUCTURE,
        detail="The emulator ended before it answered; run the board test again.",
    )
    broken = RunReport(
        board="mps2-an386",
        core="Cortex-M4F",
        verified="emulator",
        outcome=RunOutcome.INFRASTRUCTURE,
        reason="qemu-system-arm ended with signal 9",
    )
    assert good.figures is not None
    return replace(
        good,
        evidence=(*good.evidence[:3], unproven),
        reports=(good.reports[0], broken),
        figures=replace(
            good.figures, board_predictions={"host": good.figures.board_predictions["host"]}
        ),
    )
