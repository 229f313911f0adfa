/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#include "bw_arithmetic.h"
#include "bw_window.h"

/* Finds the greatest value of each of four neighbouring channels. */
#if BW_DSP
static void greatest_of_four(const bw_window_t *window, int32_t channel, int8_t *output)
{
    const int8_t *row = window->first + channel;
    uint32_t greatest = 0x80808080u; /* four times -128 */

    for (int32_t y = 0; y < window->rows; y++, row += window->to_next_row) {
        const int8_t *pixel = row;

        for (int32_t x = 0; x < window->columns; x++, pixel += window->to_next_column) {
            greatest = bw_greatest_bytes(greatest, bw_load_4(pixel));
        }
    }
    bw_store_4(output, greatest);
}
#else
static inline int32_t greater(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void greatest_of_four(const bw_window_t *window, int32_t channel, int8_t *output)
{
    const int8_t *row = window->first + channel;
    int32_t a = INT8_MIN;
    int32_t b = INT8_MIN;
    int32_t c = INT8_MIN;
    int32_t d = INT8_MIN;

    for (int32_t y = 0; y < window->rows; y++, row += window->to_next_row) {
        const int8_t *pixel = row;

        for (int32_t x = 0; x < window->columns; x++, pixel += window->to_next_column) {
            a = greater(a, pixel[0]);
            b = greater(b, pixel[1]);
            c = greater(c, pixel[2]);
            d = greater(d, pixel[3]);
        }
    }
    output[0] = (int8_t)a;
    output[1] = (int8_t)b;
    output[2] = (int8_t)c;
    output[3] = (int8_t)d;
}
#endif

static int8_t greatest_of_one(const bw_window_t *window, int32_t channel)
{
    const int8_t *row = window->first + channel;
    int8_t greatest = INT8_MIN;

    for (int32_t y = 0; y < window->rows; y++, row += window->to_next_row) {
        const int8_t *pixel = row;

        for (int32_t x = 0; x < window->columns; x++, pixel += window->to_next_column) {
            greatest = *pixel > greatest ? *pixel : greatest;
        }
    }
    return greatest;
}

static void greatest_of_window(const bw_pool_2d_t *p, const bw_window_t *window, int8_t *output)
{
    int32_t channel = 0;

    for (; channel + 4 <= p->channels; channel += 4) {
        greatest_of_four(window, channel, output + channel);
    }
    for (; channel < p->channels; channel++) {
        output[channel] = greatest_of_one(window, channel);
    }
    bw_cut(output, p->channels, p->activation_min, p->activation_max);
}

void bw_max_pool_2d(const bw_pool_2d_t *p, const int8_t *input, int8_t *output)
{
    bw_pool_2d(p, input, output, greatest_of_window);
}
