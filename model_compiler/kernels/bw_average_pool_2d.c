/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#include "bw_arithmetic.h"
#include "bw_window.h"

/* Returns sum / count, rounded to nearest, ties away from zero. */
static inline int8_t average(const bw_pool_2d_t *p, int32_t sum, int32_t count)
{
    const int32_t value = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;

    return (int8_t)bw_clamp(value, p->activation_min, p->activation_max);
}

static void average_window(const bw_pool_2d_t *p, const bw_window_t *window, int8_t *output)
{
    const int32_t count = window->rows * window->columns;
    int32_t channel = 0;

    for (; channel + 4 <= p->channels; channel += 4) {
        int32_t sums[4];

        bw_sum_four(window, channel, sums);
        output[channel] = average(p, sums[0], count);
        output[channel + 1] = average(p, sums[1], count);
        output[channel + 2] = average(p, sums[2], count);
        output[channel + 3] = average(p, sums[3], count);
    }
    for (; channel < p->channels; channel++) {
        output[channel] = average(p, bw_sum_one(window, channel), count);
    }
}

void bw_average_pool_2d(const bw_pool_2d_t *p, const int8_t *input, int8_t *output)
{
    bw_pool_2d(p, input, output, average_window);
}
