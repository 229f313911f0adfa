/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_arithmetic.h"
#include "bw_kernels.h"

/* Adds up what one output averages; input is the first of it. */
static int32_t bw_sum(const bw_mean_t *p, const int8_t *input)
{
    const int32_t step = p->size[4];
    const int32_t outer_step = step * p->size[3] * p->size[2];
    int32_t sum = 0;

    for (int32_t i = 0; i < p->size[1]; i++) {
        for (int32_t j = 0; j < p->size[3]; j++) {
            sum += input[i * outer_step + j * step];
        }
    }
    return sum;
}

void bw_mean(const bw_mean_t *p, const int8_t *input, int8_t *output)
{
    const int32_t inner = p->size[3] * p->size[4];
    const int32_t block = p->size[1] * p->size[2] * inner;

    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[2]; j++) {
            for (int32_t k = 0; k < p->size[4]; k++) {
                const int32_t sum = bw_sum(p, input + i * block + j * inner + k) + p->sum_offset;
                const int32_t mean = bw_requantize(sum, p->multiplier, p->shift) + p->output_offset;

                *output++ = (int8_t)bw_clamp(mean, -128, 127);
            }
        }
    }
}
