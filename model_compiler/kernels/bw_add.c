/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_arithmetic.h"
#include "bw_kernels.h"

#define BW_ADD_LEFT_SHIFT 20

static void bw_add_row(const bw_add_t *p, const int8_t *input1, const int8_t *input2, int8_t *output)
{
    for (int32_t i = 0; i < p->size[3]; i++) {
        const int32_t value1 = (*input1 + p->input1_offset) * (1 << BW_ADD_LEFT_SHIFT);
        const int32_t value2 = (*input2 + p->input2_offset) * (1 << BW_ADD_LEFT_SHIFT);
        const int32_t scaled1 = bw_requantize(value1, p->input1_multiplier, -p->input1_right_shift);
        const int32_t scaled2 = bw_requantize(value2, p->input2_multiplier, -p->input2_right_shift);
        const int32_t sum = scaled1 + scaled2 * p->input2_sign;
        const int32_t value = bw_requantize(sum, p->output_multiplier, -p->output_right_shift);

        output[i] = (int8_t)bw_clamp(value + p->output_offset, p->activation_min, p->activation_max);
        input1 += p->stride1[3];
        input2 += p->stride2[3];
    }
}

void bw_add(const bw_add_t *p, const int8_t *input1, const int8_t *input2, int8_t *output)
{
    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[1]; j++) {
            for (int32_t k = 0; k < p->size[2]; k++) {
                bw_add_row(p,
                           input1 + i * p->stride1[0] + j * p->stride1[1] + k * p->stride1[2],
                           input2 + i * p->stride2[0] + j * p->stride2[1] + k * p->stride2[2],
                           output);
                output += p->size[3];
            }
        }
    }
}
