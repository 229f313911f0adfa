from __future__ import annotations

import math

import pytest

from bot.evidence import Evidence, Outcome, Relation, Stage, judge


def judged(value: float, relation: Relation, limit: float | None) -> Evidence:
    return judge("a.b", Stage.DATA, "claim", value, "%", relation, limit, "method", detail="cure")


@pytest.mark.parametrize(
    ("value", "relation", "limit", "outcome"),
    [
        (95.0, Relation.AT_LEAST, 95, Outcome.PASS),
        (94.9, Relation.AT_LEAST, 95, Outcome.FAIL),
        (20, Relation.AT_MOST, 20, Outcome.PASS),
        (21, Relation.AT_MOST, 20, Outcome.FAIL),
        (0, Relation.EQUAL, 0, Outcome.PASS),
        (1, Relation.EQUAL, 0, Outcome.FAIL),
        (7, Relation.NONE, None, Outcome.PASS),
        (7, Relation.AT_LEAST, None, Outcome.PASS),
    ],
)
def test_a_value_is_compared_with_its_limit(
    value: float, relation: Relation, limit: float | None, outcome: Outcome
) -> None:
    assert judged(value, relation, limit).outcome is outcome


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("relation", list(Relation))
def test_what_is_not_finite_never_passes(value: float, relation: Relation) -> None:
    evidence = judged(value, relation, None if relation is Relation.NONE else 1)
    assert evidence.outcome is Outcome.FAIL
    assert evidence.value == str(value)


def test_the_cure_is_kept_only_where_it_is_needed() -> None:
    assert judged(1, Relation.AT_LEAST, 0).detail == ""
    assert judged(0, Relation.AT_LEAST, 1).detail == "cure"


def test_evidence_survives_json() -> None:
    evidence = judged(0, Relation.AT_LEAST, 1)
    assert Evidence.model_validate_json(evidence.model_dump_json()) == evidence
