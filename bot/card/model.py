"""What the card says beyond the evidence: counts of samples, the model's facts, caveats."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping

from bot.proposal import Proposal
from bot.rendering import measures
from bot.rendering.numbers import interval, number
from bot.rendering.text import Markdown, code, inline
from bot.sources.bundled import LICENCE

_FEW = 30  # held-out samples of a class, below which its recall is a rough figure


def training_counts(proposal: Proposal) -> Mapping[str, int] | None:
    """Count the training records of each label in train.csv; None where no column holds the labels.

    The label column is the goal's; where the goal names none, the last one that holds every label
    and nothing else.
    """
    content = proposal.files.get("train.csv")
    if content is None:
        return None
    rows = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"))))
    if len(rows) < 2:
        return None
    labels = set(proposal.goal.labels)
    for column in reversed(range(len(rows[0]))):
        counts = Counter(row[column] for row in rows[1:] if column < len(row))
        if rows[0][column] == proposal.goal.data.label_column or counts.keys() == labels:
            return {label: counts[label] for label in proposal.goal.labels}
    return None


def model_facts(proposal: Proposal) -> list[tuple[Markdown, Markdown]]:
    """Return what is known of model.tflite as name and value."""
    content = proposal.files.get("model.tflite")
    if content is None:
        return []
    facts = [
        (Markdown("`model.tflite`"), Markdown(f"{number(len(content))} bytes")),
        (Markdown("SHA-256"), code(hashlib.sha256(content).hexdigest())),
    ]
    if figures := proposal.figures:
        facts.append(
            (
                Markdown("output quantisation"),
                Markdown(
                    f"int8, probability = {figures.output_scale:.8g} x "
                    f"(score {-figures.output_zero_point:+d})"
                ),
            )
        )
    return facts


def caveats(proposal: Proposal) -> list[Markdown]:
    """Return what the claims do not say, from what was and was not measured."""
    lines: list[str] = []
    if any(report.verified == "emulator" for report in proposal.reports):
        lines.append(
            "Emulated boards count instructions exactly and know no time: clock, caches and wait "
            "states of a real part are not in these figures, and no milliseconds are claimed."
        )
    if any(report.verified == "host" for report in proposal.reports):
        lines.append("The host runs the same code as a process: it proves answers, not cost.")
    if not any(report.verified == "hardware" for report in proposal.reports):
        lines.append("Nothing on this page was measured on real hardware.")
    lines += _sample_caveats(proposal)
    lines.append(
        "The held-out samples come from the same source as those learnt from. Another sensor, "
        "person or place may give worse answers."
    )
    return [Markdown(line) for line in lines]


def _sample_caveats(proposal: Proposal) -> list[str]:
    if proposal.figures is None or not len(proposal.figures.truth):
        return ["No accuracy is claimed: no model came to be judged."]
    truth = proposal.figures.truth
    found = measures.hits(truth, measures.host_predictions(proposal.figures))
    lines = [
        f"{number(found.n)} held-out samples: an accuracy over them has a 95 % interval of "
        f"{interval(found.count, found.n)} (Wilson)."
    ]
    counts = Counter(int(label) for label in truth)
    fewest = min(range(len(proposal.goal.labels)), key=lambda label: counts[label])
    if counts[fewest] < _FEW:
        lines.append(
            f"The class {inline(proposal.goal.labels[fewest], 60)} has {counts[fewest]} held-out "
            "samples only: its recall is a rough figure."
        )
    return lines


def licence(uri: str) -> str:
    """Return the licence of the data, as far as the source states one."""
    return LICENCE if uri.startswith("sklearn:") else "not stated; ask who recorded the data"
