"""What the card says of the data: where they come from, how they were split, what repeats."""

from __future__ import annotations

from bot.proposal import Proposal
from bot.rendering.numbers import number, quantity
from bot.rendering.text import Markdown, code
from bot.sources.bundled import LICENCE

# What a reader wants to know of the checks of the data; all of them stand in the list of checks.
_COUNTED = (
    ("data.duplicates", "records that repeat an input; equal ones stay on one side"),
    ("data.conflicts", "inputs that stand under more than one label"),
    ("data.leaks", "held-out records whose input was also trained on"),
)


# The format of the records in the project: where those to learn from stand, and what is hashed.
_FORMATS = {
    "csv": ("train.csv", "SHA-256 of the records as CSV"),
    "npz": ("train.npz", "SHA-256 of the records as one `.npz` file"),
    "images": ("train/", "SHA-256 of the list of all pictures with theirs"),
    "wav": ("train/", "SHA-256 of the list of all sounds with theirs"),
}


def data_facts(proposal: Proposal) -> list[tuple[Markdown, Markdown]]:
    """Return what is known of the data as name and value."""
    source = proposal.goal.data
    place, hashed = _FORMATS[proposal.goal.records_kind]
    facts = [(Markdown("source"), code(source.uri))]
    if source.fetched_bytes is not None:
        facts.append((Markdown("fetched"), quantity(source.fetched_bytes, "bytes")))
    facts.append((Markdown("licence"), licence(proposal)))
    training = proposal.training
    if training and proposal.figures:
        held_out = len(proposal.figures.truth)
        learnt = sum(training.values())
        split = f"{number(learnt)} to learn from, {number(held_out)} held out to judge by"
        facts.append((Markdown("records"), Markdown(f"{number(learnt + held_out)}: {split}")))
        fewest = f"{len(training)}, the rarest with {number(min(training.values()))} to learn from"
        facts.append((Markdown("classes"), Markdown(fewest)))
    facts.append((Markdown("those to learn from"), _where(proposal, place)))
    found = {evidence.check: evidence for evidence in proposal.evidence}
    facts += [
        (Markdown(name), quantity(found[check].value, ""))
        for check, name in _COUNTED
        if check in found
    ]
    if digest := proposal.inputs_sha256.get(source.uri):
        facts.append((Markdown(hashed), code(digest)))
    return facts


def licence(proposal: Proposal) -> Markdown:
    """Return the licence of the data, or plainly that nobody stated one."""
    if proposal.goal.data.kind == "sklearn":
        return Markdown(LICENCE)
    place, _ = _FORMATS[proposal.goal.records_kind]
    held = "`testset.npz` holds" if proposal.left_out_bytes else f"`{place}` and `testset.npz` hold"
    return Markdown(
        f"unknown: the request does not state one. {held} these data; ask who recorded them before "
        "you pass this folder on."
    )


def _where(proposal: Proposal, place: str) -> Markdown:
    """Say where the training records are."""
    if not proposal.left_out_bytes:
        return Markdown(f"`{place}`")
    return Markdown(
        f"not in this folder: {proposal.left_out_bytes / 1024**2:,.1f} MB are too much for a "
        "repository. `boardwright run` with the same request takes them from the source, and "
        "splits them in the same way"
    )
