/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_infer.h"

#include <string.h>

#include "bw_model.h"

#if BW_MODEL_INPUT_BYTES != BW_MODEL_INPUT_COUNT || BW_MODEL_OUTPUT_BYTES != BW_MODEL_OUTPUT_COUNT
#error "the model must have int8 input and output: convert it with inference types int8"
#endif
#if BW_MODEL_INPUT_COUNT != BW_FEATURE_COUNT
#error "the model takes another number of values than bw_features() writes (BW_FEATURE_COUNT)"
#endif
#if BW_MODEL_OUTPUT_COUNT != BW_CLASS_COUNT
#error "the model has another number of outputs than the goal has labels (BW_CLASS_COUNT)"
#endif

/* Declared here and not through features.h: an attribute there (pure, const) must not let the compiler
 * move or drop a call that is being measured. bw_contract.c compares the declarations. */
void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT]);

static uint8_t arena[BW_MODEL_ARENA_BYTES] __attribute__((aligned(16)));

#ifdef BW_RAW_IS_MODEL_INPUT /* a benchmark of the model alone: raw samples are its int8 inputs */

void bw_infer_features(const bw_raw_t raw[BW_RAW_COUNT])
{
    memcpy(bw_model_input(arena, 0), raw, BW_MODEL_INPUT_BYTES);
}

int bw_infer_model(void)
{
    return bw_model_invoke(arena);
}

#else

static float features[BW_FEATURE_COUNT];

/* clamp(round_half_away(value / scale) + zero_point, -128, 127); NaN becomes the smallest value. */
static int8_t quantize(float value)
{
    /* Beyond 512 steps every value saturates, whatever the zero point. */
    float scaled = value / (float)BW_MODEL_INPUT_SCALE;
    if (!(scaled > -512.0f)) {
        scaled = -512.0f;
    }
    if (scaled > 512.0f) {
        scaled = 512.0f;
    }
    int32_t rounded = (int32_t)scaled;
    float const rest = scaled - (float)rounded; /* exact, unlike scaled + 0.5f */
    if (rest >= 0.5f) {
        ++rounded;
    } else if (rest <= -0.5f) {
        --rounded;
    }
    rounded += BW_MODEL_INPUT_ZERO_POINT;
    if (rounded < -128) {
        return -128;
    }
    return (int8_t)(rounded > 127 ? 127 : rounded);
}

void bw_infer_features(const bw_raw_t raw[BW_RAW_COUNT])
{
    bw_features(raw, features);
}

int bw_infer_model(void)
{
    int8_t *const input = bw_model_input(arena, 0);
    for (int i = 0; i < BW_FEATURE_COUNT; ++i) {
        input[i] = quantize(features[i]);
    }
    return bw_model_invoke(arena);
}

#endif

const int8_t *bw_infer_scores(void)
{
    return bw_model_output(arena, 0);
}
