"""What the card says of the data: where they come from, how they were split, what repeats."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping

from bot.proposal import Proposal
from bot.rendering.numbers import number, quantity
from bot.rendering.text import Markdown, code
from bot.sources.bundled import LICENCE

_NO_LICENCE = (
    "unknown: the request does not state one. `train.csv` and `testset.npz` hold these data; ask "
    "who recorded them before you pass this folder on."
)
# What a reader wants to know of the checks of the data; all of them stand in the list of checks.
_COUNTED = (
    ("data.duplicates", "records that repeat an input; equal ones stay on one side"),
    ("data.conflicts", "inputs that stand under more than one label"),
    ("data.leaks", "held-out records whose input was also trained on"),
)


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


def data_facts(proposal: Proposal) -> list[tuple[Markdown, Markdown]]:
    """Return what is known of the data as name and value."""
    uri = proposal.goal.data.uri
    facts = [(Markdown("source"), code(uri)), (Markdown("licence"), licence(uri))]
    training = training_counts(proposal)
    if training and proposal.figures:
        held_out = len(proposal.figures.truth)
        learnt = sum(training.values())
        split = f"{number(learnt)} to learn from, {number(held_out)} held out to judge by"
        facts.append((Markdown("records"), Markdown(f"{number(learnt + held_out)}: {split}")))
        fewest = f"{len(training)}, the rarest with {number(min(training.values()))} to learn from"
        facts.append((Markdown("classes"), Markdown(fewest)))
    found = {evidence.check: evidence for evidence in proposal.evidence}
    facts += [
        (Markdown(name), quantity(found[check].value, ""))
        for check, name in _COUNTED
        if check in found
    ]
    if digest := proposal.inputs_sha256.get(uri):
        facts.append((Markdown("SHA-256 of the records as CSV"), code(digest)))
    return facts


def licence(uri: str) -> Markdown:
    """Return the licence of the data, or plainly that nobody stated one."""
    return Markdown(LICENCE if uri.startswith("sklearn:") else _NO_LICENCE)
