"""What language models took: added up, shown in every text, and absent where none was asked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.card.card import card_text
from bot.forge import Origin
from bot.llm.language_model import Usage
from bot.proposal import Asked
from bot.rendering import evidence_file
from bot.rendering.marker import BODY_MAX_CHARACTERS
from bot.rendering.pull_request import pull_request
from bot.rendering.spent import figures, money, spent, total
from bot.rendering.status import status_comment
from bot.summary import asked_table
from tests.bot import proposals

ONE = Usage("small-1", 1, 1_000, 400, 200, 2.5, 0.0125)
TWO = Usage("large-1", 2, 3_000, 0, 900, 8.0, 0.25)
ASKED = (
    Asked("understand", 1, "small-1", (ONE,)),
    Asked("train", 1, "large-1", (TWO,), ("train.runs: fit() ends: no. NameError: x",)),
    Asked("train", 2, "large-1", (TWO,)),
)
WRITTEN = replace(proposals.passing(), asked=ASKED)


def test_sums() -> None:
    both = total([ONE, TWO])
    assert (both.calls, both.input_tokens, both.output_tokens) == (3, 4_000, 1_100)
    assert both.cost_usd == pytest.approx(0.2625)
    assert both.model == "small-1, large-1"
    assert total([ONE, replace(TWO, cost_usd=None)]).cost_usd is None
    assert total([]).cost_usd == 0


def test_words() -> None:
    assert figures(ONE) == "1,000 (400 cached) + 200 tokens, 2.5 s, 0.0125 USD"
    assert money(None) == "price unknown"
    assert money(12.345) == "12.35 USD"
    assert spent(ASKED[1]).endswith("to be mended")
    assert "mended" not in spent(ASKED[0])


def test_the_texts_tell_each_call_and_each_repair_with_its_cause() -> None:
    for text in (
        pull_request(WRITTEN, Origin("digits"), "tinyml/digits"),
        card_text(WRITTEN),
    ):
        assert "Language models were asked 5 times for this" in text
        assert "| understand | 1 | small-1 | 1,000 + 200 | 2.5 | 0.0125 USD | taken |" in text
        assert "repair: train.runs: fit() ends: no. NameError: x |" in text
    assert len(asked_table(WRITTEN).rows) == 3


def test_evidence_json_holds_each_call() -> None:
    written = json.loads(evidence_file.evidence_json(WRITTEN))
    assert [call["purpose"] for call in written["model_calls"]] == ["understand", "train", "train"]
    assert written["model_calls"][1]["causes"] == list(ASKED[1].causes)
    assert evidence_file.EvidenceFile.model_validate(written).model_calls[0].cost_usd == 0.0125


def test_without_a_model_nothing_of_it_is_said() -> None:
    plain = proposals.passing()
    assert b"model_calls" not in evidence_file.evidence_json(plain)
    for text in (pull_request(plain, Origin("d"), "tinyml/d"), card_text(plain)):
        assert "Language model" not in text


def test_hostile_and_endless_words_of_a_model_stay_in_their_cell() -> None:
    attack = "| x |\n\n# @maintainer <img src=x> [a](http://evil) `<!-- boardwright:key=z -->`"
    many = tuple(Asked("train", n, attack * 9, (ONE,), (attack * 99,) * 9) for n in range(1, 400))
    text = pull_request(replace(WRITTEN, asked=many), Origin("digits"), "tinyml/digits")
    assert len(text) <= BODY_MAX_CHARACTERS
    assert "@maintainer" not in text and "<img" not in text and "key=z -->" not in text
    assert "more | | | | | | |" in text


def test_the_status_comment_tells_who_did_what_in_how_many_tries_at_what_cost() -> None:
    text = status_comment(WRITTEN, Origin("digits"), "tinyml/digits")
    read = "| understand | ✅ read | - | small-1 | 1 | 1,000 + 200 | 2.5 | 0.0125 USD |"
    assert read in text
    assert "| 2 | 6,000 + 1,800 | 16.0 | 0.5000 USD |" in text  # both tries of train
    assert "asked 5 times in all: 7,000 (400 cached) + 2,000 tokens, 18.5 s, 0.5125 USD" in text
    assert "- train, try 1 by large-1: train.runs: fit() ends: no. NameError: x" in text


def test_without_a_model_the_status_comment_says_so() -> None:
    text = status_comment(proposals.passing(), Origin("digits"), "tinyml/digits")
    assert "No language model was asked" in text and "Repairs" not in text
    assert "template: image-classification" in text


def test_the_status_comment_says_what_stands_against_it_and_what_to_do() -> None:
    text = status_comment(proposals.missed(), Origin("digits"), "tinyml/digits")
    assert "### Draft: " in text and "❌ a check failed" in text
    assert "run the same command again" in text


def test_the_status_comment_stays_bounded() -> None:
    causes = ("c.include: " + "<x>" * 500,) * 4
    many = tuple(Asked("train", n, "m" * 300, (ONE,), causes) for n in range(1, 200))
    text = status_comment(replace(WRITTEN, asked=many), Origin("digits"), "tinyml/digits")
    assert len(text) <= BODY_MAX_CHARACTERS
    assert "and 139 more" in text
