"""Proposal: files and evidence, ready to publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Stage
from bot.goal import Goal
from bot.llm.language_model import Usage
from hardware_runner.report import RunReport


@dataclass(frozen=True, slots=True)
class AuthoredFile:
    """Who wrote a file, and in how many tries."""

    path: str  # relative to the project folder: "features.c"
    stage: Stage
    author: str  # "template: image-classification" or a model's name
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """One time that a language model was asked, and what came of it.

    Attributes:
        purpose: 'understand', or the stage whose files were wanted.
        number: counts the tries for this purpose, from 1.
        author: the model's name.
        usage: what its calls took.
        causes: what was found wrong, one line each; empty where the answer was taken.
    """

    purpose: str
    number: int
    author: str
    usage: tuple[Usage, ...]
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers behind the model card's plots, all over the held-out set of `n` samples.

    Attributes:
        truth: `[n]` int64, indices into the goal's labels.
        float_scores: `[n, classes]` float32, output of the Keras model.
        int8_scores: `[n, classes]` int8, output of the compiled model on the host.
        output_scale, output_zero_point: turn `int8_scores` into probabilities.
        history: learning curve; the keys are loss, accuracy, val_loss, val_accuracy.
        board_predictions: board name to `[n]` int64, the argmax of what the board answered.
    """

    truth: npt.NDArray[np.int64]
    float_scores: npt.NDArray[np.float32]
    int8_scores: npt.NDArray[np.int8]
    output_scale: float
    output_zero_point: int
    history: Mapping[str, tuple[float, ...]]
    board_predictions: Mapping[str, npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run hands to a forge.

    `files` holds the project folder's content by path relative to it, without the model card, the
    plots and evidence.json, which are rendered from the other fields.
    """

    goal: Goal
    files: Mapping[str, bytes]
    authored: tuple[AuthoredFile, ...]
    evidence: tuple[Evidence, ...]
    reports: tuple[RunReport, ...]
    figures: Figures | None  # None where no model came to be converted
    tried: tuple[str, ...] = ()  # what was tried where a limit was missed, one line each
    inputs_sha256: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()  # every time a language model was asked, in order
    training: Mapping[str, int] = field(default_factory=dict)  # records to learn from, by label
    network: str = ""  # name of the network's size: 'small'
    left_out_bytes: int = 0  # size of the training records, where they are too large for `files`

    @property
    def missed(self) -> tuple[Evidence, ...]:
        """Return the evidence that failed; empty where every claim holds."""
        return tuple(e for e in self.evidence if e.outcome is Outcome.FAIL)

    @property
    def unproven(self) -> tuple[Evidence, ...]:
        """Return what could not be measured: the machine failed, or the check was skipped."""
        return tuple(
            e for e in self.evidence if e.outcome in (Outcome.INFRASTRUCTURE, Outcome.SKIPPED)
        )
