/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D with 3x3 filters for the DSP extension.
 *
 * A channel never meets another one, and neighbours of one channel stand far apart in memory. So
 * the channels are computed one after the other: a channel is gathered into a plane of its own in
 * scratch, with its padding written out, two neighbours to a word. From there on nothing asks where
 * the image ends, weights and multiplier of the channel stay at hand, and two of the three taps of
 * a row are one SMLAD. With (x0, x1), (x2, x3) in two words and (w0, w1), (w1, w2) in two others,
 * two neighbouring outputs of stride 1 need four instructions for a row:
 *
 *     x0 * w0 + x1 * w1   smlad         x1 * w0             smlatb
 *     x2 * w2             smlabt        x2 * w1 + x3 * w2   smlad
 *
 * Weights and bias are doubled, as bw_doubled.h wants the sums. */
#include "bw_kernels.h"

#if BW_DSP
#include "bw_doubled.h"
#include "bw_dsp.h"

/* Has the compiler know nothing of four sums but that they are there, so that it finishes one row
 * before it begins the next: all of them at once do not fit into the registers. */
#if defined(__GNUC__)
#define BW_IN_ORDER(a, b, c, d) __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d)::"memory")
#else
#define BW_IN_ORDER(a, b, c, d)
#endif

/* One channel: its weights by row as (w0, w1), (w1, w2), doubled as the bias is. */
typedef struct {
    int32_t weights[6];
    int32_t bias;
    int32_t multiplier;
    int32_t rounding;
    int32_t right_shift;
} bw_filter_t;

static inline int32_t bw_double_pair(int32_t low, int32_t high)
{
    return bw_pack_bottoms(low * 2, high * 2);
}

/* How the image lies in memory and in the plane. Rows of the plane run along the axis that is longer,
 * so that a narrow image has few long rows instead of many short ones. */
typedef struct {
    const bw_axis_t *along;
    const bw_axis_t *across;
    int32_t pitch;         /* words from one row of the plane to the next */
    int32_t input_along;   /* elements from one neighbour to the next */
    int32_t input_across;  /* and from one row to the next */
    int32_t output_along;  /* the same of the output */
    int32_t output_across;
    int32_t weight_along;  /* and of the weights */
    int32_t weight_across;
} bw_view_t;

static void bw_read_filter(const bw_depthwise_conv_2d_t *p, const bw_view_t *view, int32_t channel,
                           bw_filter_t *result)
{
    const int32_t step = view->weight_along;
    const int8_t *w = p->weights + channel;

    for (int32_t *pair = result->weights; pair < result->weights + 6; pair += 2) {
        pair[0] = bw_double_pair(w[0], w[step]);
        pair[1] = bw_double_pair(w[step], w[2 * step]);
        w += view->weight_across;
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

/* Copies one channel into the plane, two neighbours to a word, between the padding. */
static void bw_gather(const bw_view_t *view, const int8_t *input, int32_t padding, int32_t *plane)
{
    const int32_t step = view->input_along;
    const int32_t columns = bw_inside(view->along);
    int32_t rows = bw_inside(view->across);

    plane += view->across->padding * view->pitch;
    for (; rows > 0; rows--, input += view->input_across, plane += view->pitch) {
        const int8_t *from = input;
        int32_t *to = plane;
        int32_t left = columns;

        if (view->along->padding) {
            *to++ = bw_pack_bottoms(padding, *from);
            from += step;
            left--;
        }
        for (; left >= 4; left -= 4, from += 4 * step, to += 2) {
            const int32_t first = from[0];
            const int32_t second = from[step];
            const int32_t third = from[2 * step];
            const int32_t fourth = from[3 * step];

            to[0] = bw_pack_bottoms(first, second);
            to[1] = bw_pack_bottoms(third, fourth);
        }
        if (left >= 2) {
            *to++ = bw_pack_bottoms(from[0], from[step]);
            from += 2 * step;
            left -= 2;
        }
        if (left > 0) {
            *to = bw_pack_bottoms(*from, padding);
        }
    }
}

/* Four sums that grow together. */
typedef struct {
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
} bw_sums_t;

/* Computes four outputs of one channel, or the first three of them. */
static inline void bw_store(const bw_filter_t *f, bw_sums_t s, int32_t count, int32_t step,
                            int8_t *output)
{
    const int32_t multiplier = f->multiplier;
    const int32_t rounding = f->rounding;
    const int32_t right_shift = f->right_shift;

    output[0] = bw_finish(s.a, multiplier, rounding, right_shift);
    output[step] = bw_finish(s.b, multiplier, rounding, right_shift);
    output[2 * step] = bw_finish(s.c, multiplier, rounding, right_shift);
    if (count > 3) {
        output[3 * step] = bw_finish(s.d, multiplier, rounding, right_shift);
    }
}

/* Adds what one row of the plane gives to four neighbouring outputs of stride 1. */
static inline void bw_add_four(const int32_t *x, const int32_t *w, bw_sums_t *s)
{
    const int32_t w01 = w[0];
    const int32_t w12 = w[1];
    const int32_t x01 = x[0];
    const int32_t x23 = x[1];
    const int32_t x45 = x[2];

    s->a = __smlabt(x23, w12, __smlad(x01, w01, s->a));
    s->b = __smlad(x23, w12, __smlatb(x01, w01, s->b));
    s->c = __smlabt(x45, w12, __smlad(x23, w01, s->c));
    s->d = __smlad(x45, w12, __smlatb(x23, w01, s->d));
    BW_IN_ORDER(s->a, s->b, s->c, s->d);
}

/* Does the same for two. */
static inline void bw_add_two(const int32_t *x, const int32_t *w, bw_sums_t *s)
{
    const int32_t w01 = w[0];
    const int32_t w12 = w[1];

    s->a = __smlabt(x[1], w12, __smlad(x[0], w01, s->a));
    s->b = __smlad(x[1], w12, __smlatb(x[0], w01, s->b));
}

/* Computes all outputs of one channel from its plane. */
typedef void bw_convolve_t(const bw_filter_t *f, const bw_view_t *view, const int32_t *plane,
                           int8_t *output);

static void bw_convolve_stride_1(const bw_filter_t *f, const bw_view_t *view, const int32_t *plane,
                                 int8_t *output)
{
    const int32_t pitch = view->pitch;
    const int32_t step = view->output_along;

    for (int32_t row = view->across->output; row > 0; row--) {
        const int32_t *x = plane;
        int8_t *to = output;
        int32_t count = view->along->output;

        for (; count > 2; count -= 4, x += 2, to += 4 * step) {
            const int32_t bias = f->bias;
            bw_sums_t s = {bias, bias, bias, bias};

            bw_add_four(x, f->weights, &s);
            bw_add_four(x + pitch, f->weights + 2, &s);
            bw_add_four(x + 2 * pitch, f->weights + 4, &s);
            bw_store(f, s, count, step, to);
        }
        if (count > 0) {
            bw_sums_t s = {f->bias, f->bias, 0, 0};

            bw_add_two(x, f->weights, &s);
            bw_add_two(x + pitch, f->weights + 2, &s);
            bw_add_two(x + 2 * pitch, f->weights + 4, &s);
            to[0] = bw_finish(s.a, f->multiplier, f->rounding, f->right_shift);
            if (count > 1) {
                to[step] = bw_finish(s.b, f->multiplier, f->rounding, f->right_shift);
            }
        }
        plane += view->across->stride * pitch;
        output += view->output_across;
    }
}

/* The same with stride 2. */
static inline void bw_add_four_apart(const int32_t *x, const int32_t *w, bw_sums_t *s)
{
    const int32_t w01 = w[0];
    const int32_t w12 = w[1];
    const int32_t x23 = x[1];
    const int32_t x45 = x[2];
    const int32_t x67 = x[3];

    s->a = __smlabt(x23, w12, __smlad(x[0], w01, s->a));
    s->b = __smlabt(x45, w12, __smlad(x23, w01, s->b));
    s->c = __smlabt(x67, w12, __smlad(x45, w01, s->c));
    s->d = __smlabt(x[4], w12, __smlad(x67, w01, s->d));
    BW_IN_ORDER(s->a, s->b, s->c, s->d);
}

static inline int32_t bw_add_one(const int32_t *x, const int32_t *w, int32_t sum)
{
    return __smlabt(x[1], w[1], __smlad(x[0], w[0], sum));
}

static void bw_convolve_stride_2(const bw_filter_t *f, const bw_view_t *view, const int32_t *plane,
                                 int8_t *output)
{
    const int32_t pitch = view->pitch;
    const int32_t step = view->output_along;

    for (int32_t row = view->across->output; row > 0; row--) {
        const int32_t *x = plane;
        int8_t *to = output;
        int32_t count = view->along->output;

        for (; count > 3; count -= 4, x += 4, to += 4 * step) {
            const int32_t bias = f->bias;
            bw_sums_t s = {bias, bias, bias, bias};

            bw_add_four_apart(x, f->weights, &s);
            bw_add_four_apart(x + pitch, f->weights + 2, &s);
            bw_add_four_apart(x + 2 * pitch, f->weights + 4, &s);
            bw_store(f, s, count, step, to);
        }
        for (; count > 0; count--, x++, to += step) {
            int32_t sum = bw_add_one(x, f->weights, f->bias);

            sum = bw_add_one(x + pitch, f->weights + 2, sum);
            sum = bw_add_one(x + 2 * pitch, f->weights + 4, sum);
            *to = bw_finish(sum, f->multiplier, f->rounding, f->right_shift);
        }
        plane += view->across->stride * pitch;
        output += view->output_across;
    }
}

static bw_view_t bw_find_view(const bw_depthwise_conv_2d_t *p)
{
    const int32_t channels = p->input_channels;
    const int32_t input_row = p->x.input * channels;
    const int32_t output_row = p->x.output * channels;

    if (p->y.output > p->x.output && p->y.stride <= 2) {
        const bw_view_t upright = {&p->y, &p->x, (bw_seen(&p->y) + 1) / 2, input_row, channels,
                                   output_row, channels, 3 * channels, channels};

        return upright;
    }
    const bw_view_t level = {&p->x, &p->y, (bw_seen(&p->x) + 1) / 2, channels, input_row,
                             channels, output_row, channels, 3 * channels};

    return level;
}

void bw_depthwise_conv_2d_3x3(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *output,
                              int8_t *scratch)
{
    const bw_view_t view = bw_find_view(p);
    bw_convolve_t *const convolve =
        view.along->stride == 1 ? bw_convolve_stride_1 : bw_convolve_stride_2;
    const int32_t zero = p->input_zero_point;
    const int32_t input_size = p->y.input * p->x.input * p->input_channels;
    const int32_t output_size = p->y.output * p->x.output * p->input_channels;
    int32_t *const plane = (int32_t *)(void *)scratch;

    for (int32_t i = 0; i < bw_seen(view.across) * view.pitch; i++) {
        plane[i] = bw_pack_bottoms(zero, zero);
    }
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t channel = 0; channel < p->input_channels; channel++) {
            bw_filter_t filter;

            bw_read_filter(p, &view, channel, &filter);
            bw_gather(&view, input + channel, zero, plane);
            convolve(&filter, &view, plane, output + channel);
        }
        bw_cut(output, output_size, p->activation_min, p->activation_max);
        input += input_size;
        output += output_size;
    }
}

#else
typedef int bw_depthwise_conv_2d_3x3_t; /* a translation unit holds something */
#endif
