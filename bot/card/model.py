"""What the card says of the model and of the limits of its claims."""

from __future__ import annotations

import hashlib
from collections import Counter

from bot.proposal import Proposal
from bot.rendering import measures
from bot.rendering.numbers import interval, number
from bot.rendering.text import Markdown, code, inline

_FEW = 30  # held-out samples of a class, below which its recall is a rough figure


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
