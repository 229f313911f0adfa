/* SPDX-License-Identifier: Apache-2.0 */
/* Written by boardwright 0.1.0 from the model with SHA-256
 * cac6e7849b9052ed48e2f601d2da9bed2ca8336064e793a69e5b5b368d1bbc4b. Do not edit: compile the model again.
 * Optimised for size and speed: build it and the kernels with -O2. */
#include "bw_tiny.h"

#include <stddef.h>
#include <stdint.h>

#include "bw_kernels.h"

/* 0 FULLY_CONNECTED: 1x4 -> 1x3, 12 MACs */
#if BW_DSP
static const int32_t narrow_1[4] = {
    -271866495, -2057356779, 418696874, 0
};
#else
static const int8_t narrow_1[12] = {
    -127, -90, -53, -16, 21, 58, 95, -123, -86, -49, -12, 25
};
#endif

#if BW_DSP
static const int32_t fully_connected_0_bias[4] = {
    -233140, -14732, 268446, 0
};

static const bw_scale_t fully_connected_0_scales[1] = {
    {1073741824, 4, 3},
};

static const bw_fully_connected_narrow_t fully_connected_0 = {
    .batches = 1,
    .inputs = 4,
    .outputs = 3,
    .quads = 1,
    .expanded = 1,
    .per_channel = 0,
    .activation_min = -128,
    .activation_max = 127,
    .weights = narrow_1,
    .bias = fully_connected_0_bias,
    .scales = fully_connected_0_scales,
};
#else
static const int32_t fully_connected_0_bias[3] = {
    -1000, 0, 1000
};

static const int32_t fully_connected_0_multipliers[1] = {
    1073741824
};

static const int8_t fully_connected_0_shifts[1] = {
    -3
};

static const bw_fully_connected_t fully_connected_0 = {
    .batches = 1,
    .inputs = 4,
    .outputs = 3,
    .per_channel = 0,
    .output_offset = 0,
    .activation_min = -128,
    .activation_max = 127,
    .weights = narrow_1,
    .bias = fully_connected_0_bias,
    .multipliers = fully_connected_0_multipliers,
    .shifts = fully_connected_0_shifts,
};
#endif

void *bw_tiny_input(void *arena, int index)
{
    int8_t *const a = arena;

    switch (index) {
    case 0:
        return a + BW_TINY_INPUT_OFFSET;
    default:
        return NULL;
    }
}

const void *bw_tiny_output(const void *arena, int index)
{
    const int8_t *const a = arena;

    switch (index) {
    case 0:
        return a + BW_TINY_OUTPUT_OFFSET;
    default:
        return NULL;
    }
}

int bw_tiny_invoke(void *arena)
{
    int8_t *const a = arena;

    if (a == NULL || (uintptr_t)a % 16 != 0) {
        return BW_ERROR_ARENA;
    }

    /* 0 FULLY_CONNECTED: 1x4 -> 1x3, 12 MACs */
    bw_fully_connected_narrow(&fully_connected_0, a + 8, a + 12, a + 0);

    return 0;
}
