/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D with 3x3 filters in plain C.
 *
 * The channels are computed one after the other, each from a copy of its own in scratch, with its
 * padding written out: nothing asks where the image ends, and four neighbouring outputs share the
 * weights that are read for them, and with stride 1 most of what they see. */
#include "bw_kernels.h"

#if BW_PLAIN
#include <stddef.h>
#include <string.h>

#include "bw_arithmetic.h"
#include "bw_doubled.h"

/* One channel; weights by row, doubled as the bias is. */
typedef struct {
    int32_t weights[9];
    int32_t bias;
    int32_t multiplier;
    int32_t rounding;
    int32_t right_shift;
} bw_filter_t;

static void bw_read_filter(const bw_depthwise_conv_2d_t *p, int32_t channel, bw_filter_t *result)
{
    for (int32_t tap = 0; tap < 9; tap++) {
        result->weights[tap] = p->weights[tap * p->input_channels + channel] * 2;
    }
    result->bias = p->bias[channel] * 2;
    result->multiplier = p->multipliers[channel];
    result->right_shift = -p->shifts[channel];
    result->rounding = bw_rounding(p->output_offset, result->right_shift);
}

/* Returns how many elements of an axis the outputs see, padding among them. */
static inline int32_t bw_seen(const bw_axis_t *axis)
{
    return (axis->output - 1) * axis->stride + 3;
}

/* Returns how many of them are inside the image. */
static inline int32_t bw_inside(const bw_axis_t *axis)
{
    const int32_t seen = bw_seen(axis) - axis->padding;

    return seen < axis->input ? seen : axis->input;
}

/* Copies one channel into the plane, between the padding. */
static void bw_gather(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *plane)
{
    const int32_t pitch = bw_seen(&p->x);
    const int32_t rows = bw_inside(&p->y);
    const int32_t columns = bw_inside(&p->x);
    const int32_t step = p->input_channels;

    plane += p->y.padding * pitch + p->x.padding;
    for (int32_t y = 0; y < rows; y++, input += p->x.input * step, plane += pitch) {
        const int8_t *from = input;

        for (int32_t x = 0; x < columns; x++, from += step) {
            plane[x] = *from;
        }
    }
}

/* Adds what one row of the plane gives to four outputs. */
static inline void bw_add_four(const int8_t *x, const int32_t *w, int32_t stride, int32_t sums[4])
{
    const int32_t w0 = w[0];
    const int32_t w1 = w[1];
    const int32_t w2 = w[2];

    sums[0] += x[0] * w0 + x[1] * w1 + x[2] * w2;
    sums[1] += x[stride] * w0 + x[stride + 1] * w1 + x[stride + 2] * w2;
    sums[2] += x[2 * stride] * w0 + x[2 * stride + 1] * w1 + x[2 * stride + 2] * w2;
    sums[3] += x[3 * stride] * w0 + x[3 * stride + 1] * w1 + x[3 * stride + 2] * w2;
}

static inline int32_t bw_add_one(const int8_t *x, const int32_t *w, int32_t sum)
{
    return sum + x[0] * w[0] + x[1] * w[1] + x[2] * w[2];
}

/* Computes a row of outputs of one channel. */
static inline void bw_row(const bw_depthwise_conv_2d_t *p, const bw_filter_t *f, const int8_t *x,
                          int32_t stride, int8_t *output)
{
    const int32_t pitch = bw_seen(&p->x);
    const int32_t step = p->input_channels;
    const int32_t *const w = f->weights;
    int32_t count = p->x.output;

    for (; count >= 4; count -= 4, x += 4 * stride) {
        int32_t sums[4] = {f->bias, f->bias, f->bias, f->bias};

        bw_add_four(x, w, stride, sums);
        bw_add_four(x + pitch, w + 3, stride, sums);
        bw_add_four(x + 2 * pitch, w + 6, stride, sums);
        output[0] = bw_finish(sums[0], f->multiplier, f->rounding, f->right_shift);
        output[step] = bw_finish(sums[1], f->multiplier, f->rounding, f->right_shift);
        output[2 * step] = bw_finish(sums[2], f->multiplier, f->rounding, f->right_shift);
        output[3 * step] = bw_finish(sums[3], f->multiplier, f->rounding, f->right_shift);
        output += 4 * step;
    }
    for (; count > 0; count--, x += stride, output += step) {
        int32_t sum = bw_add_one(x, w, f->bias);

        sum = bw_add_one(x + pitch, w + 3, sum);
        sum = bw_add_one(x + 2 * pitch, w + 6, sum);
        *output = bw_finish(sum, f->multiplier, f->rounding, f->right_shift);
    }
}

static void bw_one_channel(const bw_depthwise_conv_2d_t *p, const bw_filter_t *f,
                           const int8_t *plane, int8_t *output)
{
    const int32_t next = p->y.stride * bw_seen(&p->x);
    const int32_t output_row = p->x.output * p->input_channels;

    for (int32_t y = 0; y < p->y.output; y++, plane += next, output += output_row) {
        if (p->x.stride == 1) {
            bw_row(p, f, plane, 1, output);
        } else {
            bw_row(p, f, plane, 2, output);
        }
    }
}

void bw_depthwise_conv_2d_3x3(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *output,
                              int8_t *scratch)
{
    const int32_t input_size = p->y.input * p->x.input * p->input_channels;
    const int32_t output_size = p->y.output * p->x.output * p->input_channels;

    memset(scratch, p->input_zero_point, (size_t)(bw_seen(&p->y) * bw_seen(&p->x)));
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t channel = 0; channel < p->input_channels; channel++) {
            bw_filter_t filter;

            bw_read_filter(p, channel, &filter);
            bw_gather(p, input + channel, scratch);
            bw_one_channel(p, &filter, scratch, output + channel);
        }
        bw_cut(output, output_size, p->activation_min, p->activation_max);
        input += input_size;
        output += output_size;
    }
}
#endif
