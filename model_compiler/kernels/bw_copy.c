/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#include <string.h>

static void bw_copy_row(const bw_copy_t *p, const int8_t *input, int8_t *output)
{
    const int32_t from = p->input_stride[3];
    const int32_t to = p->output_stride[3];

    if (from == 1 && to == 1) {
        memcpy(output, input, (size_t)p->size[3]);
        return;
    }
    for (int32_t i = 0; i < p->size[3]; i++) {
        output[i * to] = input[i * from];
    }
}

void bw_copy(const bw_copy_t *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[1]; j++) {
            for (int32_t k = 0; k < p->size[2]; k++) {
                bw_copy_row(p,
                            input + i * p->input_stride[0] + j * p->input_stride[1] +
                                k * p->input_stride[2],
                            output + i * p->output_stride[0] + j * p->output_stride[1] +
                                k * p->output_stride[2]);
            }
        }
    }
}
