"""The plots of a model card, as SVG: the same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from bot.card.confusion import draw_confusion
from bot.proposal import Figures
from bot.rendering import measures

# Colours that people with any kind of colour vision tell apart.
# Source: M. Okabe and K. Ito, Color Universal Design, https://jfly.uni-koeln.de/color/.
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#595959"

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "boardwright",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "text.parse_math": False,
    "path.simplify": True,
}


def draw(
    labels: Sequence[str], figures: Figures, answers: npt.NDArray[np.int64]
) -> dict[str, bytes]:
    """Return the plots by path relative to the project folder.

    Args:
        labels: the goal's labels, in order.
        figures: what was measured.
        answers: `[n]` the classes answered, for the confusion matrix.
    """
    matrix = measures.confusion(figures.truth, answers, len(labels))
    with mpl.rc_context(STYLE):
        return {
            "plots/confusion.svg": _svg(draw_confusion(labels, matrix)),
            "plots/learning.svg": _svg(learning(figures.history)),
            "plots/quantisation.svg": _svg(quantisation(figures)),
        }


def learning(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draw loss and accuracy for each epoch, on training and validation samples."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _curves(left, history, "loss", "cross-entropy loss")
    _curves(right, history, "accuracy", "accuracy (fraction)")
    right.set_ylim(top=1.01)
    left.set_ylim(bottom=0)
    return figure


def _curves(axes: Axes, history: Mapping[str, Sequence[float]], key: str, title: str) -> None:
    for name, label, colour, line in (
        (key, "training", BLUE, "-"),
        (f"val_{key}", "validation", ORANGE, "--"),
    ):
        values = history.get(name, ())
        marker = "o" if len(values) == 1 else None
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, line, color=colour, label=label, linewidth=1.6, marker=marker)
    axes.set_xlabel("epoch")
    axes.set_ylabel(title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False)


def quantisation(figures: Figures) -> Figure:
    """Draw how far the scores of the int8 model lie from those of the float model."""
    errors = measures.score_errors(figures).ravel()
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    step = figures.output_scale or 1.0
    edges = np.linspace(0, max(float(errors.max(initial=0.0)), step) * 1.0001, 41)
    counts, _ = np.histogram(errors, edges)
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=BLUE, linewidth=0)
    axes.set_yscale("symlog", linthresh=1)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, float(edges[-1]))
    axes.axvline(step / 2, color=ORANGE, linestyle="--", linewidth=1.4)
    axes.annotate(
        "half a step of int8",
        (step / 2, 1),
        xycoords=("data", "axes fraction"),
        xytext=(6, -4),
        textcoords="offset points",
        va="top",
        color=ORANGE,
    )
    axes.set_xlabel("|float score - int8 score|, as probability")
    axes.set_ylabel("scores (logarithmic)")
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure


def _svg(figure: Figure) -> bytes:
    figure.set_facecolor("white")
    stream = io.BytesIO()
    FigureCanvasSVG(figure).print_figure(
        stream, format="svg", metadata={"Date": None, "Creator": None}
    )
    return stream.getvalue()
