/* SPDX-License-Identifier: Apache-2.0 */
/* ADD and SUB of two tensors of one shape.
 *
 * An input has 256 values, a tensor thousands: what the fine input contributes to the sum is
 * computed once for each value. */
#include "bw_kernels.h"

#if !BW_MVE
#include "bw_arithmetic.h"
#include "bw_doubled.h"

#define BW_LEFT_SHIFT 20

/* Fills a table, by the fine input as uint8_t, with twice the sum of its part and of the coarse
 * input's offset. */
static void bw_fill_table(const bw_add_t *p, int32_t table[256])
{
    const int32_t coarse = p->coarse_offset * p->coarse_factor;

    for (int32_t i = 0; i < 256; i++) {
        const int32_t fine = (int8_t)i + p->fine_offset;
        const int32_t product = bw_multiply_high_small(fine * (1 << BW_LEFT_SHIFT),
                                                       p->fine_multiplier);
        const int32_t scaled = bw_divide_by_power_of_two(product, p->fine_right_shift);

        table[i] = 2 * (scaled * p->fine_sign + coarse);
    }
}

void bw_add_equal(const bw_add_t *p, const int8_t *coarse, const int8_t *fine, int8_t *output,
                  int8_t *scratch)
{
    int32_t *const table = (int32_t *)(void *)scratch;
    const int32_t factor = 2 * p->coarse_factor;
    const int32_t multiplier = p->output_multiplier;
    const int32_t right_shift = p->output_right_shift;
    const int32_t rounding = bw_rounding(p->output_offset, right_shift);
    int32_t left = p->size[3];

    bw_fill_table(p, table);
    for (; left >= 4; left -= 4, coarse += 4, fine += 4, output += 4) {
        const int32_t a = coarse[0] * factor + table[(uint8_t)fine[0]];
        const int32_t b = coarse[1] * factor + table[(uint8_t)fine[1]];
        const int32_t c = coarse[2] * factor + table[(uint8_t)fine[2]];
        const int32_t d = coarse[3] * factor + table[(uint8_t)fine[3]];

        output[0] = bw_finish(a, multiplier, rounding, right_shift);
        output[1] = bw_finish(b, multiplier, rounding, right_shift);
        output[2] = bw_finish(c, multiplier, rounding, right_shift);
        output[3] = bw_finish(d, multiplier, rounding, right_shift);
    }
    for (; left > 0; left--) {
        const int32_t sum = *coarse++ * factor + table[(uint8_t)*fine++];

        *output++ = bw_finish(sum, multiplier, rounding, right_shift);
    }
    bw_cut(output - p->size[3], p->size[3], p->activation_min, p->activation_max);
}
#endif
