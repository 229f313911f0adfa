/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#if !BW_MVE
#include "bw_arithmetic.h"

static inline int8_t finish(const bw_fully_connected_t *p, int32_t sum, int32_t row)
{
    const int32_t entry = p->per_channel ? row : 0;
    const int32_t value = p->output_offset +
                          bw_requantize(sum, p->multipliers[entry], p->shifts[entry]);

    return (int8_t)bw_clamp(value, p->activation_min, p->activation_max);
}

/* Computes the outputs row to row + 3; rows behind the last one count as the last. */
static void four_rows(const bw_fully_connected_t *p, const int8_t *input, int32_t row,
                      int8_t *output)
{
    const int32_t last = p->outputs - 1;
    const int32_t row1 = row + 1 < last ? row + 1 : last;
    const int32_t row2 = row + 2 < last ? row + 2 : last;
    const int32_t row3 = row + 3 < last ? row + 3 : last;
    const int8_t *w0 = p->weights + row * p->inputs;
    const int8_t *w1 = p->weights + row1 * p->inputs;
    const int8_t *w2 = p->weights + row2 * p->inputs;
    const int8_t *w3 = p->weights + row3 * p->inputs;
    const int8_t *const end = input + p->inputs;
    int32_t sum0 = p->bias[row];
    int32_t sum1 = p->bias[row1];
    int32_t sum2 = p->bias[row2];
    int32_t sum3 = p->bias[row3];

    while (input != end) {
        const int32_t x = *input++;

        sum0 += x * *w0++;
        sum1 += x * *w1++;
        sum2 += x * *w2++;
        sum3 += x * *w3++;
    }
    output[row] = finish(p, sum0, row);
    output[row1] = finish(p, sum1, row1);
    output[row2] = finish(p, sum2, row2);
    output[row3] = finish(p, sum3, row3);
}

void bw_fully_connected(const bw_fully_connected_t *p, const int8_t *input, int8_t *output)
{
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t row = 0; row < p->outputs; row += 4) {
            four_rows(p, input, row, output);
        }
        input += p->inputs;
        output += p->outputs;
    }
}
#endif
