"""What must hold for app.c alone: it follows the scores that it is given.

Accuracy is that of the model, and says nothing of an application that ignores it. So the
application is given scores of which the answer is plain: one class near certain, again and again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.sandbox.job import Job, Limits
from bot.stages import arrays
from bot.stages.stage_result import MIB, Context, verdict

RESULTS = 64  # in a row for each class: more than any debouncing waits for
CLEAR_SCORE = 115  # int8 for a probability of 95 %

_STAGE = Stage.FIRMWARE
_LIMITS = Limits(seconds=60, memory_bytes=1 << 30, log_bytes=64 << 10)
_FILES = ("app.c", "app.h", "goal.h")
_Bytes = npt.NDArray[np.int8]
_Decisions = npt.NDArray[np.int64]


def probe(context: Context) -> tuple[Evidence, ...]:
    """Run app.c on the host with plain scores, and judge what it decides."""
    labels = context.goal.labels
    result = context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_app"),
            inputs={
                **context.workspace.select(*_FILES),
                "scores.npz": arrays.dump(scores=plain_scores(len(labels))),
            },
            outputs={"decisions.npz": 16 * MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )
    answers = verdict(
        "firmware.app_answers",
        _STAGE,
        "app.c has bw_app_on_result and bw_app_reset, and answers",
        result.completed,
        "app.c alone on the host, in a process of its own; undefined behaviour ends it",
        result.explanation(),
    )
    if answers.outcome is not Outcome.PASS:
        return (answers,)
    decisions = arrays.load(result.outputs["decisions.npz"])["decisions"].astype(np.int64)
    return answers, check_follows(decisions, labels), check_acts(decisions)


def plain_scores(classes: int) -> _Bytes:
    """Return one series for each class, `[classes, RESULTS, classes]`: this class near certain."""
    rest = (127 - CLEAR_SCORE) // max(1, classes - 1)
    each = np.full((classes, classes), -128 + rest, dtype=np.int8)
    np.fill_diagonal(each, CLEAR_SCORE)
    return np.repeat(each[:, np.newaxis, :], RESULTS, axis=1)


def check_follows(decisions: _Decisions, labels: Sequence[str]) -> Evidence:
    """Count decisions for another class than the one that is near certain.

    Args:
        decisions: `[classes, RESULTS]`, row by the class that was near certain.
        labels: of the classes.
    """
    truth = np.arange(len(labels))[:, np.newaxis]
    wrong = (decisions != truth) & (decisions != -1)
    told = ""
    if wrong.any():
        at, number = (int(i) for i in np.argwhere(wrong)[0])
        told = (
            f"Scores as int8_t: {CLEAR_SCORE} for class {at} ({labels[at][:40]!r}), about -128 for "
            f"the others; after result {number + 1} of these app.c decided for "
            f"{int(decisions[at, number])}. Read the scores as signed int8_t, take the highest, "
            "and return its index or -1."
        )
    return judge(
        "firmware.follows_scores",
        _STAGE,
        "app.c decides for the class with the highest score, or for none",
        int(wrong.sum()),
        "decisions",
        Relation.EQUAL,
        0,
        f"made-up scores, each class near certain {RESULTS} times in a row, {wrong.size:,} in all",
        detail=told,
    )


def check_acts(decisions: _Decisions) -> Evidence:
    """Count the classes for which the application ever decides."""
    truth = np.arange(len(decisions))[:, np.newaxis]
    return judge(
        "firmware.acts",
        _STAGE,
        "app.c decides for a class that is plain",
        int((decisions == truth).any(axis=1).sum()),
        "classes",
        Relation.AT_LEAST,
        1,
        f"classes that it decides for when they are near certain {RESULTS} times in a row",
        detail="bw_app_on_result never returns the class that has the highest score.",
    )
