"""What must hold for features.c and for what it computes, each as a function of values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Relation, Stage, judge
from bot.stages.c_object import forbidden_words, undefined_symbols, writable_bytes
from bot.stages.stage_result import verdict

LARGEST_FEATURE = 64.0  # int8 then still tells steps of 0.5 apart; standardised data stays below 20

_STAGE = Stage.FEATURES
_Floats = npt.NDArray[np.float32]


def check_source(text: str) -> Evidence:
    """Look for what C source of a project may not contain."""
    found = forbidden_words(text)
    return verdict(
        "features.source",
        _STAGE,
        "features.c uses arithmetic only: no assembler, no pragma, no foreign header",
        not found,
        "scan of the source without comments and strings",
        f"take out: {', '.join(found)}",
    )


def check_object(content: bytes, board: str = "") -> Evidence:
    """Look for writable data and foreign calls in the object for a board, or for the host."""
    foreign, state = undefined_symbols(content), writable_bytes(content)
    return verdict(
        f"features.{board}.no_state" if board else "features.no_state",
        _STAGE,
        f"features.c keeps no state and calls nothing but arithmetic{board and f' on {board}'}",
        not foreign and state == 0,
        "writable sections and undefined symbols of the object file",
        f"{state} bytes of writable data; calls: {', '.join(foreign) or 'none'}. "
        "Use local variables and static const tables, and functions of <math.h> for float.",
    )


def check_finite(outputs: dict[str, _Floats]) -> Evidence:
    """Count values that were not written or are not finite."""
    bad = sum(int(np.sum(~np.isfinite(x))) for x in outputs.values())
    return judge(
        "features.finite",
        _STAGE,
        "Every feature is written and finite, at the ends of the raw range too",
        bad,
        "values",
        Relation.EQUAL,
        0,
        "outputs filled with NaN before each call; training, held-out and extreme samples",
        detail="Guard divisions and logarithms, and write all BW_FEATURE_COUNT values.",
    )


def check_order(forwards: _Floats, backwards: _Floats) -> Evidence:
    """Compare the features of the same samples in two orders."""
    same = forwards.tobytes() == np.ascontiguousarray(backwards[::-1]).tobytes()
    return verdict(
        "features.deterministic",
        _STAGE,
        "The same sample gives the same features, whatever came before",
        same,
        "training samples forwards and backwards, compared byte for byte",
        "bw_features depends on earlier calls; it must use its argument only.",
    )


def check_range(features: _Floats) -> Evidence:
    """Find the largest feature."""
    return judge(
        "features.range",
        _STAGE,
        "Features are of a size that int8 can hold with enough steps",
        round(float(np.max(np.abs(features))), 6),
        "",
        Relation.AT_MOST,
        LARGEST_FEATURE,
        "largest magnitude over the training samples",
        detail="Scale or standardise the raw values.",
    )


def check_varies(features: _Floats) -> Evidence:
    """Count features that differ between samples."""
    flat = features.reshape(len(features), -1)
    return judge(
        "features.varies",
        _STAGE,
        "Features tell samples apart",
        int(np.sum(np.ptp(flat, axis=0) > 0)),
        "features",
        Relation.AT_LEAST,
        1,
        f"features that are not constant over the training samples, of {flat.shape[1]}",
        detail="bw_features answers the same for every sample.",
    )
