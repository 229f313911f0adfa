"""The confusion matrix as a plot that stays small and readable from two classes to sixty-four."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from bot.rendering.text import plain

_LEVELS = 10  # shades, a tenth of the class each
_NAME_MAX = 18  # characters of a class label beside an axis
_COUNTS_MAX = 20  # classes up to which each cell shows its count
_NAMES_MAX = 40  # classes up to which every class is named


def draw_confusion(labels: Sequence[str], matrix: npt.NDArray[np.int64]) -> Figure:
    """Draw counts `[classes, classes]`, row = truth; the shade is the share of the true class."""
    classes = len(labels)
    side = min(9.0, max(3.2, 0.42 * classes))
    figure = Figure(figsize=(side + 1.9, side + 1.3), layout="constrained")
    axes = figure.add_subplot(xlim=(0, classes), ylim=(classes, 0), aspect="equal")
    share = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    shades = ListedColormap(mpl.colormaps["Blues"](np.linspace(0.08, 1, _LEVELS)))
    norm = BoundaryNorm(np.linspace(0, 1, _LEVELS + 1), _LEVELS)
    for level in range(_LEVELS):
        cells = np.argwhere((matrix > 0) & (np.minimum(_LEVELS - 1, share * _LEVELS // 1) == level))
        if len(cells):
            axes.add_patch(PathPatch(_squares(cells), facecolor=shades(level), edgecolor="none"))
    if classes <= _COUNTS_MAX:
        _write_counts(axes, matrix, share)
    _name_axes(axes, labels)
    bar = figure.colorbar(ScalarMappable(norm, shades), ax=axes, shrink=0.7, ticks=[0, 0.5, 1])
    bar.set_label("share of the true class")
    if bar.solids is not None:
        bar.solids.set_rasterized(False)  # shapes, not an embedded picture
    return figure


def _squares(cells: npt.NDArray[np.int64]) -> Path:
    """Return one path of squares at `[n, 2]` rows and columns: one element in the file, not n."""
    corners = np.array([(0.03, 0.03), (0.97, 0.03), (0.97, 0.97), (0.03, 0.97), (0.03, 0.03)])
    points = cells[:, None, ::-1] + corners
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(points.reshape(-1, 2), np.tile(codes, len(cells)))


def _write_counts(
    axes: Axes, matrix: npt.NDArray[np.int64], share: npt.NDArray[np.float64]
) -> None:
    size = 10 if len(matrix) <= 12 else 8
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(
                column + 0.5,
                row + 0.5,
                str(count),
                ha="center",
                va="center",
                color="white" if share[row, column] >= 0.5 else "black",
                fontsize=size,
            )


def _name_axes(axes: Axes, labels: Sequence[str]) -> None:
    classes = len(labels)
    step = 1 if classes <= _NAMES_MAX else -(-classes // _NAMES_MAX)
    names = [_short(label) for label in labels][::step]
    at = np.arange(classes)[::step] + 0.5
    upright = max(map(len, names)) > 3
    size = 10 if classes <= _COUNTS_MAX else 8
    axes.set_xticks(at, names, rotation=90 if upright else 0, fontsize=size)
    axes.set_yticks(at, names, fontsize=size)
    axes.tick_params(length=0)
    axes.set_xlabel("answer")
    axes.set_ylabel("true class")
    for spine in axes.spines.values():
        spine.set(visible=True, color="#bbbbbb")


def _short(label: str) -> str:
    """Return a label that fits; labels often differ at their ends, so the middle goes."""
    shown = plain(label)
    if len(shown) <= _NAME_MAX:
        return shown
    half = (_NAME_MAX - 1) // 2
    return f"{shown[:half].rstrip()}…{shown[-half:].lstrip()}"
