/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_arithmetic.h"
#include "bw_kernels.h"
#include "bw_window.h"

static inline int8_t bw_mean_of(const bw_mean_t *p, int32_t sum)
{
    const int32_t mean = bw_requantize(sum + p->sum_offset, p->multiplier, p->shift);

    return (int8_t)bw_clamp(mean + p->output_offset, INT8_MIN, INT8_MAX);
}

void bw_mean(const bw_mean_t *p, const int8_t *input, int8_t *output)
{
    const int32_t run = p->size[4];
    const int32_t inner = p->size[3] * run;
    const int32_t outer = p->size[2] * inner;

    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[2]; j++) {
            const bw_window_t window = {input + i * p->size[1] * outer + j * inner, p->size[1],
                                        p->size[3], outer, run};
            int32_t k = 0;

            for (; k + 4 <= run; k += 4) {
                int32_t sums[4];

                bw_sum_four(&window, k, sums);
                *output++ = bw_mean_of(p, sums[0]);
                *output++ = bw_mean_of(p, sums[1]);
                *output++ = bw_mean_of(p, sums[2]);
                *output++ = bw_mean_of(p, sums[3]);
            }
            for (; k < run; k++) {
                *output++ = bw_mean_of(p, bw_sum_one(&window, k));
            }
        }
    }
}
