"""Write `goal.toml` and `goal.h`: the goal for people and tools, and for C."""

from __future__ import annotations

import tomli_w

from bot.goal import Goal, RawType
from bot.plan import Plan

_C_TYPES = {RawType.UINT8: "uint8_t", RawType.INT16: "int16_t", RawType.FLOAT32: "float"}


def goal_toml(goal: Goal) -> str:
    """Return the goal as TOML; what was not asked for is left out."""
    return tomli_w.dumps(goal.model_dump(mode="json", exclude_none=True), multiline_strings=True)


def goal_header(goal: Goal, plan: Plan) -> str:
    """Return `goal.h`: types, counts and labels."""
    labels = ", \\\n    ".join(_c_string(label) for label in goal.labels)
    return f"""\
/* SPDX-License-Identifier: Apache-2.0 */
/* The goal as C, generated from goal.toml. */
#ifndef BW_GOAL_H
#define BW_GOAL_H

#include <stdint.h>

/* One element of a raw sample: {_comment(goal.raw.unit)}. */
typedef {_C_TYPES[goal.raw.dtype]} bw_raw_t;

#define BW_RAW_COUNT {goal.raw.count}
#define BW_FEATURE_COUNT {plan.feature_count}
#define BW_CLASS_COUNT {len(goal.labels)}

/* The initialisers of an array of BW_CLASS_COUNT strings, in the order of the model's scores. */
#define BW_LABELS \\
    {labels}

#endif
"""


def _comment(text: str) -> str:
    kept = "".join(c for c in " ".join(text.split()) if c.isprintable() and c != "\\")
    return kept.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")


def _c_string(text: str) -> str:
    """Write a text as a C string literal in ASCII; other bytes as three octal digits."""
    plain = "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()
    )
    return f'"{plain}"'
