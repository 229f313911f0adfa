/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D of any shape: a pixel after the other, four of its channels at a time.
 *
 * Where a tap of the filter finds its pixel is the same for all channels. It is looked up once, with a
 * pixel of zero points for those outside the image, so that the sums need not ask again. */
#include "bw_kernels.h"

#if !BW_MVE
#include <stddef.h>
#include <string.h>

#include "bw_arithmetic.h"
#include "bw_dsp.h"

/* Functions of their own: their sums are to have the registers for themselves. */
#if defined(__GNUC__)
#define BW_APART __attribute__((noinline))
#else
#define BW_APART
#endif

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

/* Returns whether all columns that an output pixel sees are inside the image. */
static int columns_inside(const bw_depthwise_conv_2d_t *p, int32_t out_x)
{
    const int32_t x = out_x * p->x.stride - p->x.padding;

    return x >= 0 && x + (p->x.filter - 1) * p->x.dilation < p->x.input;
}

/* Moves the taps on to the next output pixel of a row. */
static void move_taps(const bw_depthwise_conv_2d_t *p, const int8_t *padding, const int8_t **taps)
{
    const int8_t **const end = taps + p->y.filter * p->x.filter;
    const int32_t step = p->x.stride * p->input_channels;

    for (; taps != end; taps++) {
        if (*taps != padding) {
            *taps += step;
        }
    }
}

static inline int8_t finish(const bw_depthwise_conv_2d_t *p, int32_t sum, int32_t channel)
{
    const int32_t value = p->output_offset +
                          bw_requantize(sum, p->multipliers[channel], p->shifts[channel]);

    return (int8_t)bw_clamp(value, p->activation_min, p->activation_max);
}

/* Makes outputs of the sums of four neighbouring channels. */
static void finish_four(const bw_depthwise_conv_2d_t *p, const int32_t sums[4], int32_t channel,
                        int8_t *output)
{
    for (int32_t i = 0; i < 4; i++) {
        output[channel + i] = finish(p, sums[i], channel + i);
    }
}

/* Computes four neighbouring channels; depth_multiplier is 1. */
static BW_APART void four_channels(const bw_depthwise_conv_2d_t *p,
                                   const int8_t *const *taps, int32_t channel, int8_t *output)
{
    const int32_t channels = p->input_channels;
    const int8_t *const *const end = taps + p->y.filter * p->x.filter;
    const int8_t *w = p->weights + channel;
    int32_t sum0 = p->bias[channel];
    int32_t sum1 = p->bias[channel + 1];
    int32_t sum2 = p->bias[channel + 2];
    int32_t sum3 = p->bias[channel + 3];

    for (; taps != end; taps++, w += channels) {
        const int8_t *const x = *taps + channel;
#if BW_DSP
        const uint32_t inputs = bw_load_4(x);
        const uint32_t weights = bw_load_4(w);
        const int32_t even_inputs = bw_even_bytes(inputs);
        const int32_t even_weights = bw_even_bytes(weights);
        const int32_t odd_inputs = bw_odd_bytes(inputs);
        const int32_t odd_weights = bw_odd_bytes(weights);

        sum0 = __smlabb(even_inputs, even_weights, sum0);
        sum1 = __smlabb(odd_inputs, odd_weights, sum1);
        sum2 = __smlatt(even_inputs, even_weights, sum2);
        sum3 = __smlatt(odd_inputs, odd_weights, sum3);
#else
        sum0 += x[0] * w[0];
        sum1 += x[1] * w[1];
        sum2 += x[2] * w[2];
        sum3 += x[3] * w[3];
#endif
    }
    finish_four(p, (const int32_t[]){sum0, sum1, sum2, sum3}, channel, output);
}

/* Computes four neighbouring channels, of which some read the same input. */
static BW_APART void four_that_share(const bw_depthwise_conv_2d_t *p,
                                     const int8_t *const *taps, int32_t channel, int8_t *output)
{
    const int32_t multiplier = p->depth_multiplier;
    const int32_t channels = p->input_channels * multiplier;
    const int8_t *const *const end = taps + p->y.filter * p->x.filter;
    const int32_t source0 = channel / multiplier;
    const int32_t source1 = (channel + 1) / multiplier;
    const int32_t source2 = (channel + 2) / multiplier;
    const int32_t source3 = (channel + 3) / multiplier;
    const int8_t *w = p->weights + channel;
    int32_t sum0 = p->bias[channel];
    int32_t sum1 = p->bias[channel + 1];
    int32_t sum2 = p->bias[channel + 2];
    int32_t sum3 = p->bias[channel + 3];

    for (; taps != end; taps++, w += channels) {
        const int8_t *const x = *taps;

        sum0 += x[source0] * w[0];
        sum1 += x[source1] * w[1];
        sum2 += x[source2] * w[2];
        sum3 += x[source3] * w[3];
    }
    finish_four(p, (const int32_t[]){sum0, sum1, sum2, sum3}, channel, output);
}

static void one_channel(const bw_depthwise_conv_2d_t *p, const int8_t *const *taps, int32_t channel,
                        int8_t *output)
{
    const int32_t channels = p->input_channels * p->depth_multiplier;
    const int8_t *const *const end = taps + p->y.filter * p->x.filter;
    const int32_t source = channel / p->depth_multiplier;
    const int8_t *w = p->weights + channel;
    int32_t sum = p->bias[channel];

    for (; taps != end; taps++, w += channels) {
        sum += (*taps)[source] * *w;
    }
    output[channel] = finish(p, sum, channel);
}

/* Computes all output channels of one pixel. */
static void one_pixel(const bw_depthwise_conv_2d_t *p, const int8_t *const *taps, int8_t *output)
{
    const int32_t channels = p->input_channels * p->depth_multiplier;
    int32_t channel = 0;

    for (; channel + 4 <= channels; channel += 4) {
        if (p->depth_multiplier == 1) {
            four_channels(p, taps, channel, output);
        } else {
            four_that_share(p, taps, channel, output);
        }
    }
    for (; channel < channels; channel++) {
        one_channel(p, taps, channel, output);
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
                if (x > 0 && columns_inside(p, x - 1) && columns_inside(p, x)) {
                    move_taps(p, padding, taps);
                } else {
                    find_taps(p, input, padding, y, x, taps);
                }
                one_pixel(p, taps, output);
                output += p->input_channels * p->depth_multiplier;
            }
        }
        input += p->y.input * p->x.input * p->input_channels;
    }
}
#endif
