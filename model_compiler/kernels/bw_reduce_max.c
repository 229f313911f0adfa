/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

/* Returns the greatest of what one output stands for; input is the first of it. */
static int8_t bw_greatest(const bw_reduce_max_t *p, const int8_t *input)
{
    const int32_t step = p->size[4];
    const int32_t outer_step = step * p->size[3] * p->size[2];
    int8_t greatest = INT8_MIN;

    for (int32_t i = 0; i < p->size[1]; i++) {
        for (int32_t j = 0; j < p->size[3]; j++) {
            const int8_t value = input[i * outer_step + j * step];

            if (value > greatest) {
                greatest = value;
            }
        }
    }
    return greatest;
}

void bw_reduce_max(const bw_reduce_max_t *p, const int8_t *input, int8_t *output)
{
    const int32_t inner = p->size[3] * p->size[4];
    const int32_t block = p->size[1] * p->size[2] * inner;

    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[2]; j++) {
            for (int32_t k = 0; k < p->size[4]; k++) {
                *output++ = bw_greatest(p, input + i * block + j * inner + k);
            }
        }
    }
}
