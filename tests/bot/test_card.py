import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from bot.card import plots
from bot.card.card import card_text, render_card
from bot.card.data import data_facts
from bot.card.layers import layer_table
from bot.card.model import caveats
from bot.rendering import measures
from bot.rendering.numbers import number
from bot.rendering.text import Markdown
from hardware_runner.report import Profile
from tests.bot import proposals
from tests.model_compiler.tflite_builder import ModelBuilder

SIZE_MAX_BYTES = 60_000


@pytest.mark.parametrize("classes", [2, 3, 10, 30, 64])
def test_plots_are_small_dateless_and_the_same_again(classes: int) -> None:
    labels = tuple(f"a rather long label with <&> and $x$ {number}" for number in range(classes))
    figures = proposals.figures(classes, 8)
    answers = measures.host_predictions(figures)
    drawn = plots.draw(labels, figures, answers)
    assert drawn == plots.draw(labels, figures, answers)
    assert sorted(drawn) == [
        f"plots/{name}.svg" for name in ("confusion", "learning", "quantisation")
    ]
    for content in drawn.values():
        ET.fromstring(content)  # noqa: S314  our own file
        assert len(content) < SIZE_MAX_BYTES
        assert b"<dc:date>" not in content
        assert b"<image" not in content


def test_plots_take_what_little_there_is() -> None:
    figures = replace(proposals.figures(2, 1), history={"loss": (0.5,)})
    assert len(plots.draw(("a", "b"), figures, measures.host_predictions(figures))) == 3


def test_every_count_of_the_matrix_is_written() -> None:
    figures = proposals.figures(3, 21)
    content = plots.draw(("a", "b", "c"), figures, measures.host_predictions(figures))
    texts = [e.text for e in ET.fromstring(content["plots/confusion.svg"]).iter() if e.text]  # noqa: S314
    matrix = measures.confusion(figures.truth, measures.host_predictions(figures), 3)
    for count in matrix[matrix > 0]:
        assert str(count) in texts


def test_confusion_counts_rows_as_truth() -> None:
    truth, answers = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    assert measures.confusion(truth, answers, 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_quantisation_error_is_that_of_the_scores() -> None:
    figures = replace(
        proposals.figures(2, 1),
        float_scores=np.array([[0.5, 0.5], [0.25, 0.75]], np.float32),
        int8_scores=np.array([[0, 0], [-64, 63]], np.int8),
    )
    errors = measures.score_errors(figures)
    assert errors.tolist() == [[0, 0], [0, 0.75 - 191 / 256]]


def test_data_are_summed_up_for_a_reader() -> None:
    good = proposals.passing()
    facts = dict(data_facts(good))
    assert facts[Markdown("source")] == "`sklearn:digits`"
    assert "CC BY 4.0" in facts[Markdown("licence")]
    assert facts[Markdown("records")] == "1,797: 1,347 to learn from, 450 held out to judge by"
    assert facts[Markdown("held-out records whose input was also trained on")] == "0"


def of_pictures(left_out_bytes: int = 0) -> dict[Markdown, Markdown]:
    good = proposals.passing()
    data = good.goal.data.model_copy(update={"uri": "images:photos", "label_column": None})
    goal = good.goal.model_copy(update={"data": data})
    inputs = {"images:photos": "ef" * 32}
    made = replace(good, goal=goal, inputs_sha256=inputs, left_out_bytes=left_out_bytes)
    return dict(data_facts(made))


def test_a_licence_that_nobody_stated_is_unknown() -> None:
    facts = of_pictures()
    assert facts[Markdown("licence")].startswith("unknown: ")
    assert "`train/` and `testset.npz` hold" in facts[Markdown("licence")]
    assert facts[Markdown("those to learn from")] == "`train/`"
    assert facts[Markdown("SHA-256 of the list of all pictures with theirs")] == f"`{'ef' * 32}`"


def test_records_that_were_left_out_are_said_to_be() -> None:
    facts = of_pictures(6 * 1024**2)
    assert "not in this folder: 6.0 MB" in facts[Markdown("those to learn from")]
    assert "train/" not in facts[Markdown("licence")]


def test_layers_are_those_of_the_model() -> None:
    model = ModelBuilder()
    x = model.tensor((1, 4), scale=0.5, zero_point=3)
    weights = model.tensor((2, 4), scale=0.25, data=np.ones((2, 4)))
    bias = model.tensor((2,), "int32", scale=0.125, data=[1, 2])
    y = model.tensor((1, 2), scale=0.125, zero_point=-7)
    model.add("FULLY_CONNECTED", [x, weights, bias], [y])
    content = model.finish([x], [y])
    table = layer_table(content, ())
    assert table is not None
    first, second = table.rows
    assert (first.operator, first.output, first.quantisation) == ("input", "1 x 4 int8", "0.5, 3")
    assert second.operator == "FULLY_CONNECTED"
    assert second.constants == "2 x 4 int8, 2 int32: 16 bytes"
    assert second.quantisation == "0.125, -7"
    assert (first.macs, second.macs) == ("-", "8")
    assert (first.instructions, second.instructions) == (("-",), ("not measured",))
    assert table.totals == ("8", "not measured")
    host, board = proposals.passing().reports
    board = board.model_copy(update={"profile": Profile(operators=(54321,), total=54400)})
    table = layer_table(content, (host, board))
    assert table is not None
    assert table.counted_on == (" on `mps2-an386`",)
    assert table.rows[1].instructions == ("54,321",)
    assert table.totals == ("8", "54,400")


def test_layers_of_what_is_no_model_are_none() -> None:
    assert layer_table(b"no model", ()) is None


def test_caveats_follow_from_what_was_measured() -> None:
    said = " ".join(caveats(proposals.passing()))
    assert "no milliseconds are claimed" in said
    assert "Nothing on this page was measured on real hardware" in said
    assert "450 held-out samples" in said
    small = replace(proposals.passing(), figures=proposals.figures(10, 6))
    assert "has 6 held-out samples only" in " ".join(caveats(small))


def test_a_card_without_a_model_says_so() -> None:
    nothing = replace(proposals.passing(), figures=None, files={}, reports=())
    assert set(render_card(nothing)) == {"README.md"}
    text = card_text(nothing)
    assert "No model came to be converted." in text
    assert "No board has run." in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (96512, "96,512"), (97.33, "97.33"), (0.000123, "0.000123"), (1234.56, "1,234.6")],
)
def test_numbers_for_people(value: float, shown: str) -> None:
    assert number(value) == shown
