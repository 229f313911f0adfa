/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_arithmetic.h"
#include "bw_doubled.h"
#include "bw_kernels.h"

#define GREATEST_RIGHT_SHIFT 21 /* leaves room for the zero point before the shift */

/* Multiplies one run of elements. The parameters are copied first, as in bw_add.c. */
static void bw_mul_row(const bw_mul_t *p, const int8_t *input1, const int8_t *input2,
                       int8_t *output)
{
    const int32_t stride1 = p->stride1[3];
    const int32_t stride2 = p->stride2[3];
    const int32_t input1_offset = p->input1_offset;
    const int32_t input2_offset = p->input2_offset;
    const int32_t output_multiplier = p->output_multiplier;
    const int32_t output_shift = p->output_shift;
    const int32_t output_offset = p->output_offset;
    const int32_t least = p->activation_min;
    const int32_t greatest = p->activation_max;
    const int8_t *const end = output + p->size[3];

    if (output_shift < 0 && output_shift >= -GREATEST_RIGHT_SHIFT) {
        const int32_t rounding = bw_rounding(output_offset, -output_shift);
        const int32_t doubled_offset = 2 * input2_offset;

        while (output < end) {
            const int32_t product = (*input1 + input1_offset) * (*input2 * 2 + doubled_offset);

            *output++ = bw_finish(product, output_multiplier, rounding, -output_shift);
            input1 += stride1;
            input2 += stride2;
        }
        bw_cut(output - p->size[3], p->size[3], least, greatest);
        return;
    }
    while (output < end) {
        const int32_t product = (*input1 + input1_offset) * (*input2 + input2_offset);
        const int32_t value = bw_requantize(product, output_multiplier, output_shift);

        *output++ = (int8_t)bw_clamp(value + output_offset, least, greatest);
        input1 += stride1;
        input2 += stride2;
    }
}

void bw_mul(const bw_mul_t *p, const int8_t *input1, const int8_t *input2, int8_t *output)
{
    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[1]; j++) {
            for (int32_t k = 0; k < p->size[2]; k++) {
                bw_mul_row(p, input1 + i * p->stride1[0] + j * p->stride1[1] + k * p->stride1[2],
                           input2 + i * p->stride2[0] + j * p->stride2[1] + k * p->stride2[2],
                           output);
                output += p->size[3];
            }
        }
    }
}
