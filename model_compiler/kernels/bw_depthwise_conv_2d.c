/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#if !BW_MVE
#include <stddef.h>
#include <string.h>

#include "bw_arithmetic.h"

/* Sets taps to the input pixels that one output pixel sees, in the order of the weights; those
 * outside the image are `padding`, a pixel of the input's zero point. */
static void find_taps(const bw_depthwise_conv_2d_t *p, const int8_t *image, const int8_t *padding,
                      int32_t out_y, int32_t out_x, const int8_t **taps)
{
    int32_t y = out_y * p->y.stride - p->y.padding;

    for (int32_t i = 0; i < p->y.filter; i++, y += p->y.dilation) {
        int32_t x = out_x * p->x.stride - p->x.padding;

        for (int32_t k = 0; k < p->x.filter; k++, x += p->x.dilation) {
            const int inside = y >= 0 && y < p->y.input && x >= 0 && x < p->x.input;

            *taps++ = inside ? image + (y * p->x.input + x) * p->input_channels : padding;
        }
    }
}

static inline int8_t finish(const bw_depthwise_conv_2d_t *p, int32_t sum, int32_t channel)
{
    const int32_t value = p->output_offset +
                          bw_requantize(sum, p->multipliers[channel], p->shifts[channel]);

    return (int8_t)bw_clamp(value, p->activation_min, p->activation_max);
}

/* Computes four neighbouring channels; depth_multiplier is 1. */
static void four_channels(const bw_depthwise_conv_2d_t *p, const int8_t *const *taps,
                          const int8_t *const *end, int32_t channel, int8_t *output)
{
    const int32_t channels = p->input_channels;
    const int8_t *w = p->weights + channel;
    int32_t sum0 = p->bias[channel];
    int32_t sum1 = p->bias[channel + 1];
    int32_t sum2 = p->bias[channel + 2];
    int32_t sum3 = p->bias[channel + 3];

    for (; taps != end; taps++, w += channels) {
        const int8_t *const x = *taps + channel;

        sum0 += x[0] * w[0];
        sum1 += x[1] * w[1];
        sum2 += x[2] * w[2];
        sum3 += x[3] * w[3];
    }
    output[channel] = finish(p, sum0, channel);
    output[channel + 1] = finish(p, sum1, channel + 1);
    output[channel + 2] = finish(p, sum2, channel + 2);
    output[channel + 3] = finish(p, sum3, channel + 3);
}

/* Computes all output channels of one pixel. */
static void one_pixel(const bw_depthwise_conv_2d_t *p, const int8_t *const *taps, int8_t *output)
{
    const int32_t channels = p->input_channels * p->depth_multiplier;
    const int8_t *const *const end = taps + p->y.filter * p->x.filter;
    int32_t channel = 0;

    if (p->depth_multiplier == 1) {
        for (; channel + 4 <= channels; channel += 4) {
            four_channels(p, taps, end, channel, output);
        }
    }
    for (; channel < channels; channel++) {
        const int32_t source = channel / p->depth_multiplier;
        const int8_t *w = p->weights + channel;
        int32_t sum = p->bias[channel];

        for (const int8_t *const *tap = taps; tap != end; tap++, w += channels) {
            sum += (*tap)[source] * *w;
        }
        output[channel] = finish(p, sum, channel);
    }
}

void bw_depthwise_conv_2d(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *output,
                          int8_t *scratch)
{
    const int8_t *const padding = scratch;
    const int8_t **const taps = (const int8_t **)(void *)(scratch +
                                                          (p->input_channels + 7) / 8 * 8);

    memset(scratch, p->input_zero_point, (size_t)p->input_channels);
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t y = 0; y < p->y.output; y++) {
            for (int32_t x = 0; x < p->x.output; x++) {
                find_taps(p, input, padding, y, x, taps);
                one_pixel(p, taps, output);
                output += p->input_channels * p->depth_multiplier;
            }
        }
        input += p->y.input * p->x.input * p->input_channels;
    }
}
#endif
