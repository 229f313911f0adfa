"""The plot of an evaluation: the share of strict successes by stage, with intervals, as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bot.card.plots import BLUE, ORANGE, STYLE
from bot.evaluation.table import CANNOT_BE_MET, END_TO_END, Row
from bot.evidence import Stage

GREEN = "#009e73"  # of the same set of colours as the others
_COLOURS = (BLUE, ORANGE, GREEN, "#cc79a7", "#56b4e9", "#e69f00")
_NAMES = (*(stage.value for stage in Stage), END_TO_END, CANNOT_BE_MET)
_HEIGHT = 0.8  # of all bars of a group
_PAPER_MARK: dict[str, Any] = {
    **{"markersize": 7, "markerfacecolor": "white", "markeredgecolor": "black"},
    **{"linestyle": "none", "zorder": 3},
}


def draw(lines: Sequence[Row]) -> bytes:
    """Return the plot; the same lines give the same bytes."""
    authors = list(dict.fromkeys(line.author for line in lines))
    names = [name for name in _NAMES if any(line.stage == name for line in lines)]
    with mpl.rc_context(STYLE):
        height = 1.2 + 0.32 * len(names) * max(2, len(authors))
        figure = Figure(figsize=(7.5, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        bar = _HEIGHT / len(authors)
        for number, author in enumerate(authors):
            for line in (one for one in lines if one.author == author):
                share = 100 * line.successes / line.runs
                place = names.index(line.stage) - _HEIGHT / 2 + bar * (number + 0.5)
                colour = _COLOURS[number % len(_COLOURS)]
                label = author if line.stage == names[0] else None
                axes.barh(place, share, bar * 0.9, color=colour, label=label)
                reach = [[share - 100 * line.low], [100 * line.high - share]]
                axes.errorbar(share, place, xerr=reach, color="black", capsize=2, linewidth=1)
        for place, name in enumerate(names):
            paper = next((one.paper for one in lines if one.stage == name and one.paper), None)
            if paper is not None:
                label = "paper, by exit code" if name == names[0] else None
                axes.plot(100 * paper, place, "D", **_PAPER_MARK, label=label)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, 105)
        axes.set_xlabel(
            "strict successes, % of the runs that reached the stage; thin lines: 95 % interval"
        )
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
