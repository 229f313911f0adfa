/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_arithmetic.h"
#include "bw_kernels.h"

static void bw_mul_row(const bw_mul_t *p, const int8_t *input1, const int8_t *input2, int8_t *output)
{
    for (int32_t i = 0; i < p->size[3]; i++) {
        const int32_t product = (*input1 + p->input1_offset) * (*input2 + p->input2_offset);
        const int32_t value = bw_requantize(product, p->output_multiplier, p->output_shift);

        output[i] = (int8_t)bw_clamp(value + p->output_offset, p->activation_min, p->activation_max);
        input1 += p->stride1[3];
        input2 += p->stride2[3];
    }
}

void bw_mul(const bw_mul_t *p, const int8_t *input1, const int8_t *input2, int8_t *output)
{
    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[1]; j++) {
            for (int32_t k = 0; k < p->size[2]; k++) {
                bw_mul_row(p,
                           input1 + i * p->stride1[0] + j * p->stride1[1] + k * p->stride1[2],
                           input2 + i * p->stride2[0] + j * p->stride2[1] + k * p->stride2[2],
                           output);
                output += p->size[3];
            }
        }
    }
}
