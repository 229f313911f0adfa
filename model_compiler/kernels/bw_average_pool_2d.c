/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#include "bw_arithmetic.h"

/* Returns the average of one channel over a window of `rows` times `columns` pixels, rounded to
 * nearest, ties away from zero. */
static int32_t average(const int8_t *input, int32_t rows, int32_t columns, int32_t row_size,
                       int32_t channels)
{
    const int32_t count = rows * columns;
    int32_t sum = 0;

    for (int32_t y = 0; y < rows; y++, input += row_size) {
        const int8_t *pixel = input;

        for (int32_t x = 0; x < columns; x++, pixel += channels) {
            sum += *pixel;
        }
    }
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void bw_average_pool_2d(const bw_pool_2d_t *p, const int8_t *input, int8_t *output)
{
    const int32_t row_size = p->x.input * p->channels;

    for (int32_t batch = 0; batch < p->batches; batch++, input += p->y.input * row_size) {
        for (int32_t y = 0; y < p->y.output; y++) {
            const int32_t first_y = y * p->y.stride - p->y.padding;
            const int32_t top = bw_clamp(first_y, 0, p->y.input);
            const int32_t rows = bw_clamp(first_y + p->y.filter, top, p->y.input) - top;

            for (int32_t x = 0; x < p->x.output; x++) {
                const int32_t first_x = x * p->x.stride - p->x.padding;
                const int32_t left = bw_clamp(first_x, 0, p->x.input);
                const int32_t columns = bw_clamp(first_x + p->x.filter, left, p->x.input) - left;
                const int8_t *const window = input + top * row_size + left * p->channels;

                for (int32_t channel = 0; channel < p->channels; channel++) {
                    const int32_t value = average(window + channel, rows, columns, row_size,
                                                  p->channels);

                    *output++ = (int8_t)bw_clamp(value, p->activation_min, p->activation_max);
                }
            }
        }
    }
}
