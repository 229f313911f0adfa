/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_arithmetic.h"
#include "bw_kernels.h"

/* Rounds to nearest, ties away from zero. value is -1000 to 1000; what is left of it is exact. */
static int32_t bw_round(float value)
{
    const int32_t whole = (int32_t)value;
    const float rest = value - (float)whole;

    if (rest >= 0.5f) {
        return whole + 1;
    }
    return rest <= -0.5f ? whole - 1 : whole;
}

void bw_quantize(float scale, int32_t zero_point, const float *input, int8_t *output, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        float value = input[i] / scale;

        if (!(value > -1000.0f)) { /* NaN too */
            value = -1000.0f;
        } else if (value > 1000.0f) {
            value = 1000.0f;
        }
        output[i] = (int8_t)bw_clamp(bw_round(value) + zero_point, -128, 127);
    }
}
