/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels that pool pixels share: their windows, and sums of four neighbouring channels. */
#ifndef BW_WINDOW_H
#define BW_WINDOW_H

#include <stdint.h>

#include "bw_arithmetic.h"
#include "bw_dsp.h"
#include "bw_kernels.h"
#if BW_MVE
#include "bw_mve.h"
#endif

/* The pixels that become one: rows of `columns` neighbours. Distances count elements. */
typedef struct {
    const int8_t *first;
    int32_t rows;
    int32_t columns;
    int32_t to_next_row;
    int32_t to_next_column;
} bw_window_t;

/* Writes what becomes of a window, p->channels values. */
typedef void bw_reduce_t(const bw_pool_2d_t *p, const bw_window_t *window, int8_t *output);

/* Calls reduce for every window of a pool, padding cut off. */
static inline void bw_pool_2d(const bw_pool_2d_t *p, const int8_t *input, int8_t *output,
                              bw_reduce_t *reduce)
{
    const int32_t row_size = p->x.input * p->channels;

    for (int32_t batch = 0; batch < p->batches; batch++, input += p->y.input * row_size) {
        for (int32_t y = 0; y < p->y.output; y++) {
            const int32_t first_y = y * p->y.stride - p->y.padding;
            const int32_t top = bw_clamp(first_y, 0, p->y.input);
            const int32_t rows = bw_clamp(first_y + p->y.filter, top, p->y.input) - top;

            for (int32_t x = 0; x < p->x.output; x++, output += p->channels) {
                const int32_t first_x = x * p->x.stride - p->x.padding;
                const int32_t left = bw_clamp(first_x, 0, p->x.input);
                const int32_t columns = bw_clamp(first_x + p->x.filter, left, p->x.input) - left;
                bw_window_t window = {input + top * row_size + left * p->channels, rows, columns,
                                      row_size, p->channels};

                if (columns == p->x.input) { /* whole rows follow each other: one long row */
                    window.columns *= rows;
                    window.rows = rows > 0;
                }
                reduce(p, &window, output);
            }
        }
    }
}

#if BW_DSP
/* The most numbers of 8 bits whose sum fits into 16. */
#define BW_MOST_IN_16_BITS 256

/* Adds up each of four neighbouring channels, two in the halves of a word, as long as they fit. */
static inline void bw_sum_four(const bw_window_t *window, int32_t channel, int32_t sums[4])
{
    const int32_t step = window->to_next_column;
    const int8_t *row = window->first + channel;
    int32_t room = BW_MOST_IN_16_BITS;
    int32_t even = 0;
    int32_t odd = 0;

    sums[0] = sums[1] = sums[2] = sums[3] = 0;
    for (int32_t y = 0; y < window->rows; y++, row += window->to_next_row) {
        const int8_t *pixel = row;
        int32_t left = window->columns;

        while (left > 0) {
            int32_t count = left < room ? left : room;

            left -= count;
            room -= count;
            for (; count >= 2; count -= 2, pixel += 2 * step) {
                const uint32_t first = bw_load_4(pixel);
                const uint32_t second = bw_load_4(pixel + step);

                even = bw_add_even_bytes(even, first);
                odd = bw_add_odd_bytes(odd, first);
                even = bw_add_even_bytes(even, second);
                odd = bw_add_odd_bytes(odd, second);
            }
            if (count > 0) {
                const uint32_t last = bw_load_4(pixel);

                even = bw_add_even_bytes(even, last);
                odd = bw_add_odd_bytes(odd, last);
                pixel += step;
            }
            if (room == 0 || (left == 0 && y == window->rows - 1)) {
                sums[0] += (int16_t)(even & 0xffff);
                sums[1] += (int16_t)(odd & 0xffff);
                sums[2] += even >> 16;
                sums[3] += odd >> 16;
                even = odd = 0;
                room = BW_MOST_IN_16_BITS;
            }
        }
    }
}
#elif BW_MVE
/* Adds up each of four neighbouring channels, which are the lanes of a vector. */
static inline void bw_sum_four(const bw_window_t *window, int32_t channel, int32_t sums[4])
{
    const int8_t *row = window->first + channel;
    int32x4_t sum = vdupq_n_s32(0);

    for (int32_t y = 0; y < window->rows; y++, row += window->to_next_row) {
        const int8_t *pixel = row;

        for (int32_t left = window->columns; left > 0; left--) {
            sum = vaddq_s32(sum, vldrbq_s32(pixel));
            pixel += window->to_next_column;
        }
    }
    vstrwq_s32(sums, sum);
}
#else
/* Adds up each of four neighbouring channels. */
static inline void bw_sum_four(const bw_window_t *window, int32_t channel, int32_t sums[4])
{
    const int8_t *row = window->first + channel;
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;

    for (int32_t y = 0; y < window->rows; y++, row += window->to_next_row) {
        const int8_t *pixel = row;

        for (int32_t x = 0; x < window->columns; x++, pixel += window->to_next_column) {
            a += pixel[0];
            b += pixel[1];
            c += pixel[2];
            d += pixel[3];
        }
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}
#endif

/* Adds up one channel. */
static inline int32_t bw_sum_one(const bw_window_t *window, int32_t channel)
{
    const int8_t *row = window->first + channel;
    int32_t sum = 0;

    for (int32_t y = 0; y < window->rows; y++, row += window->to_next_row) {
        const int8_t *pixel = row;

        for (int32_t x = 0; x < window->columns; x++, pixel += window->to_next_column) {
            sum += *pixel;
        }
    }
    return sum;
}

#endif
