"""A small project and a hand-written model with the compiler's C interface."""

from __future__ import annotations

from pathlib import Path

from model_compiler import CompiledModel, Summary

SIDE = 8
RAW = SIDE * SIDE
FEATURES = 16
CLASSES = 10

GOAL_H = f"""\
#ifndef GOAL_H
#define GOAL_H
#include <stdint.h>
typedef uint8_t bw_raw_t;
#define BW_RAW_COUNT {RAW}
#define BW_FEATURE_COUNT {FEATURES}
#define BW_CLASS_COUNT {CLASSES}
#define BW_LABELS {{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}}
#endif
"""

FEATURES_H = """\
#ifndef FEATURES_H
#define FEATURES_H
#include "goal.h"
void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT]);
#endif
"""

FEATURES_C = """\
#include "features.h"

/* Mean of each 2 x 2 patch, 0 to 1. */
void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])
{
    for (int row = 0; row < 4; ++row) {
        for (int column = 0; column < 4; ++column) {
            const bw_raw_t *patch = raw + 16 * row + 2 * column;
            features[4 * row + column] = (float)(patch[0] + patch[1] + patch[8] + patch[9]) / 64.0f;
        }
    }
}
"""

APP_H = """\
#ifndef APP_H
#define APP_H
#include "goal.h"
int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT]);
void bw_app_reset(void);
void bw_board_led(int on);
#endif
"""

APP_C = """\
#include "app.h"

static int last = -1;

/* Act on a class that was seen twice in a row. */
int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT])
{
    int best = 0;
    for (int i = 1; i < BW_CLASS_COUNT; ++i) {
        if (scores[i] > scores[best]) {
            best = i;
        }
    }
    int const decision = best == last ? best : -1;
    last = best;
    bw_board_led(decision >= 0);
    return decision;
}

void bw_app_reset(void)
{
    last = -1;
}
"""

MODEL_H = f"""\
#ifndef BW_MODEL_H
#define BW_MODEL_H
#include <stdint.h>
#define BW_MODEL_ARENA_BYTES 32
#define BW_MODEL_INPUT_BYTES {FEATURES}
#define BW_MODEL_INPUT_OFFSET 0
#define BW_MODEL_INPUT_COUNT {FEATURES}
#define BW_MODEL_INPUT_SCALE 0.00392156885936856f
#define BW_MODEL_INPUT_ZERO_POINT (-128)
#define BW_MODEL_OUTPUT_BYTES {CLASSES}
#define BW_MODEL_OUTPUT_OFFSET 16
#define BW_MODEL_OUTPUT_COUNT {CLASSES}
#define BW_MODEL_OUTPUT_SCALE 0.00390625f
#define BW_MODEL_OUTPUT_ZERO_POINT (-128)
void *bw_model_input(void *arena, int index);
const void *bw_model_output(const void *arena, int index);
int bw_model_invoke(void *arena);
#endif
"""

_WEIGHTS = ", ".join(str((37 * i * i + 11 * i) % 255 - 127) for i in range(FEATURES * CLASSES))

MODEL_C = f"""\
#include "bw_model.h"

static const int8_t weights[{CLASSES}][{FEATURES}] = {{{_WEIGHTS}}};

void *bw_model_input(void *arena, int index)
{{
    (void)index;
    return arena;
}}

const void *bw_model_output(const void *arena, int index)
{{
    (void)index;
    return (const int8_t *)arena + BW_MODEL_OUTPUT_OFFSET;
}}

int bw_model_invoke(void *arena)
{{
    const int8_t *input = arena;
    int8_t *output = (int8_t *)arena + BW_MODEL_OUTPUT_OFFSET;
    for (int o = 0; o < {CLASSES}; ++o) {{
        int32_t sum = 0;
        for (int i = 0; i < {FEATURES}; ++i) {{
            sum += weights[o][i] * (input[i] + 128);
        }}
        sum /= 2048;
        output[o] = (int8_t)(sum < -128 ? -128 : sum > 127 ? 127 : sum);
    }}
    return 0;
}}
""".replace("{" + _WEIGHTS + "}", "{" + ", ".join(
    "{" + ", ".join(_WEIGHTS.split(", ")[r * FEATURES : (r + 1) * FEATURES]) + "}"
    for r in range(CLASSES)
) + "}")  # fmt: skip


STAND_IN = CompiledModel(
    "model", {"bw_model.h": MODEL_H, "bw_model.c": MODEL_C}, Summary((), 0, 160, 32, 32, (), (), "")
)


def write_project(folder: Path, **changed: str) -> Path:
    """Write the project's five C files; `features_c="..."` replaces features.c, and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "goal_h": GOAL_H,
        "features_h": FEATURES_H,
        "features_c": FEATURES_C,
        "app_h": APP_H,
        "app_c": APP_C,
    }
    for name, text in (files | changed).items():
        (folder / ".".join(name.rsplit("_", 1))).write_text(text)
    return folder
