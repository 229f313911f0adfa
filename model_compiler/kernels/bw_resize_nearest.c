/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#include <string.h>

void bw_resize_nearest(const bw_resize_nearest_t *p, const int8_t *input, int8_t *output)
{
    const int32_t row_bytes = p->input_width * p->channels;

    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t y = 0; y < p->output_height; y++) {
            const int8_t *row = input + p->rows[y] * row_bytes;

            for (int32_t x = 0; x < p->output_width; x++) {
                memcpy(output, row + p->columns[x] * p->channels, (size_t)p->channels);
                output += p->channels;
            }
        }
        input += p->input_height * row_bytes;
    }
}
