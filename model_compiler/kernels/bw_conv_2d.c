/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#if !BW_MVE
#include <stddef.h>
#include <string.h>

#include "bw_arithmetic.h"

/* Copies one row of a filter's window to patch, padding as the input's zero point. */
static void gather_row(const bw_conv_2d_t *p, const int8_t *row, int32_t first, int8_t *patch)
{
    const int32_t channels = p->input_channels;

    if (p->x.dilation == 1) {
        const int32_t before = bw_clamp(-first, 0, p->x.filter);
        const int32_t end = bw_clamp(p->x.input - first, before, p->x.filter);

        memset(patch, p->input_zero_point, (size_t)(before * channels));
        memcpy(patch + before * channels, row + (first + before) * channels,
               (size_t)((end - before) * channels));
        memset(patch + end * channels, p->input_zero_point,
               (size_t)((p->x.filter - end) * channels));
        return;
    }
    for (int32_t k = 0; k < p->x.filter; k++, patch += channels) {
        const int32_t x = first + k * p->x.dilation;

        if (x >= 0 && x < p->x.input) {
            memcpy(patch, row + x * channels, (size_t)channels);
        } else {
            memset(patch, p->input_zero_point, (size_t)channels);
        }
    }
}

/* Returns what output `pixel` of an image sees, in the order of the weights: in the image itself
 * where the convolution is pointwise, else in patch. */
static const int8_t *window(const bw_conv_2d_t *p, const int8_t *image, int32_t pixel,
                            int8_t *patch)
{
    if (p->pointwise) {
        return image + pixel * p->input_channels;
    }
    const int32_t row_size = p->x.filter * p->input_channels;
    const int32_t first_y = pixel / p->x.output * p->y.stride - p->y.padding;
    const int32_t first_x = pixel % p->x.output * p->x.stride - p->x.padding;

    for (int32_t k = 0; k < p->y.filter; k++) {
        const int32_t y = first_y + k * p->y.dilation;

        if (y >= 0 && y < p->y.input) {
            gather_row(p, image + y * p->x.input * p->input_channels, first_x,
                       patch + k * row_size);
        } else {
            memset(patch + k * row_size, p->input_zero_point, (size_t)row_size);
        }
    }
    return patch;
}

static inline int8_t finish(const bw_conv_2d_t *p, int32_t sum, int32_t channel)
{
    const int32_t value = p->output_offset +
                          bw_requantize(sum, p->multipliers[channel], p->shifts[channel]);

    return (int8_t)bw_clamp(value, p->activation_min, p->activation_max);
}

/* Computes all channels of two output pixels, two channels at a time: each value that is loaded
 * serves two products. With an odd number of channels the last one is computed twice. */
static void two_pixels(const bw_conv_2d_t *p, const int8_t *first, const int8_t *second,
                       int8_t *output0, int8_t *output1)
{
    const int32_t size = p->y.filter * p->x.filter * p->input_channels;
    const int32_t last = p->output_channels - 1;

    for (int32_t channel = 0; channel <= last; channel += 2) {
        const int32_t next = channel < last ? channel + 1 : channel;
        const int8_t *w0 = p->weights + channel * size;
        const int8_t *w1 = p->weights + next * size;
        const int8_t *x0 = first;
        const int8_t *x1 = second;
        const int8_t *const end = first + size;
        int32_t sum00 = p->bias[channel];
        int32_t sum01 = p->bias[next];
        int32_t sum10 = sum00;
        int32_t sum11 = sum01;

        while (x0 != end) {
            const int32_t a0 = *x0++;
            const int32_t a1 = *x1++;
            const int32_t b0 = *w0++;
            const int32_t b1 = *w1++;

            sum00 += a0 * b0;
            sum01 += a0 * b1;
            sum10 += a1 * b0;
            sum11 += a1 * b1;
        }
        output0[channel] = finish(p, sum00, channel);
        output0[next] = finish(p, sum01, next);
        output1[channel] = finish(p, sum10, channel);
        output1[next] = finish(p, sum11, next);
    }
}

void bw_conv_2d(const bw_conv_2d_t *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t pixels = p->y.output * p->x.output;
    const int32_t patch_size = p->y.filter * p->x.filter * p->input_channels;
    int8_t *const second_patch = p->pointwise ? NULL : scratch + patch_size;

    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t pixel = 0; pixel < pixels; pixel += 2) {
            const int32_t next = pixel + 1 < pixels ? pixel + 1 : pixel;
            const int8_t *const first = window(p, input, pixel, scratch);
            const int8_t *const second = next == pixel ? first
                                                       : window(p, input, next, second_patch);

            two_pixels(p, first, second, output + pixel * p->output_channels,
                       output + next * p->output_channels);
        }
        input += p->y.input * p->x.input * p->input_channels;
        output += pixels * p->output_channels;
    }
}
#endif
