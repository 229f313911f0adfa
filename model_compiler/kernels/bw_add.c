/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#if !BW_MVE
#include "bw_arithmetic.h"

#define BW_ADD_LEFT_SHIFT 20

/* Returns value * multiplier / 2^(31 + right_shift), rounded twice; value is -2^30 to 2^30 - 1. */
static inline int32_t bw_scale_down(int32_t value, int32_t multiplier, int32_t right_shift)
{
    return bw_divide_by_power_of_two(bw_multiply_high_small(value, multiplier), right_shift);
}

/* Adds one run of elements. The parameters are copied first: the compiler cannot know that output
 * is not among them, and would load them again for each element. */
static void bw_add_row(const bw_add_t *p, const int8_t *coarse, const int8_t *fine, int8_t *output)
{
    const int32_t coarse_offset = p->coarse_offset;
    const int32_t coarse_factor = p->coarse_factor;
    const int32_t coarse_stride = p->coarse_stride[3];
    const int32_t fine_offset = p->fine_offset;
    const int32_t fine_multiplier = p->fine_multiplier;
    const int32_t fine_right_shift = p->fine_right_shift;
    const int32_t fine_sign = p->fine_sign;
    const int32_t fine_stride = p->fine_stride[3];
    const int32_t output_multiplier = p->output_multiplier;
    const int32_t output_right_shift = p->output_right_shift;
    const int32_t output_offset = p->output_offset;
    const int32_t least = p->activation_min;
    const int32_t greatest = p->activation_max;
    const int8_t *const end = output + p->size[3];

    while (output < end) {
        const int32_t raised = (*fine + fine_offset) * (1 << BW_ADD_LEFT_SHIFT);
        const int32_t scaled = bw_scale_down(raised, fine_multiplier, fine_right_shift);
        const int32_t sum = (*coarse + coarse_offset) * coarse_factor + scaled * fine_sign;
        const int32_t value = bw_scale_down(sum, output_multiplier, output_right_shift);

        *output++ = (int8_t)bw_clamp(value + output_offset, least, greatest);
        coarse += coarse_stride;
        fine += fine_stride;
    }
}

void bw_add(const bw_add_t *p, const int8_t *coarse, const int8_t *fine, int8_t *output)
{
    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[1]; j++) {
            for (int32_t k = 0; k < p->size[2]; k++) {
                bw_add_row(p,
                           coarse + i * p->coarse_stride[0] + j * p->coarse_stride[1] +
                               k * p->coarse_stride[2],
                           fine + i * p->fine_stride[0] + j * p->fine_stride[1] +
                               k * p->fine_stride[2],
                           output);
                output += p->size[3];
            }
        }
    }
}
#endif
