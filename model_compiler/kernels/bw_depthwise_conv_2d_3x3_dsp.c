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
#define BW_INLINE static inline __attribute__((always_inline))
#define BW_APART __attribute__((noinline))
#else
#define BW_IN_ORDER(a, b, c, d)
#define BW_INLINE static inline
#define BW_APART
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
 * so that a narrow image has few long rows instead of many short ones. Steps count elements. */
typedef struct {
    const bw_axis_t *along;
    const bw_axis_t *across;
    int32_t input_along; /* to the next element of a row */
    int32_t input_across; /* to the next row */
    int32_t output_along;
    int32_t output_across;
    int32_t weight_along;
    int32_t weight_across;
    int32_t pitch;         /* words of a row of the plane */
    int32_t plane_rows;
    int32_t inside_rows;   /* of the image, which the filter sees */
    int32_t inside_columns;
} bw_view_t;

static BW_APART void bw_read_filter(const bw_depthwise_conv_2d_t *p, const bw_view_t *view, int32_t channel,
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
static BW_APART void bw_gather(const bw_view_t *view, const int8_t *input, int32_t padding, int32_t *plane)
{
    const int32_t step = view->input_along;
    const int32_t behind = view->along->padding;
    const int32_t columns = view->inside_columns - behind;
    const int32_t next_input = view->input_across - (columns / 2 * 2 + behind) * step;
    const int32_t next_row = view->pitch - columns / 2 - behind;
    int32_t *to = plane + view->across->padding * view->pitch;

    for (int32_t rows = view->inside_rows; rows > 0; rows--, input += next_input, to += next_row) {
        if (behind) {
            *to++ = bw_pack_bottoms(padding, *input);
            input += step;
        }
        for (int32_t quads = columns / 4; quads > 0; quads--, input += 4 * step, to += 2) {
            const int32_t first = input[0];
            const int32_t second = input[step];
            const int32_t third = input[2 * step];
            const int32_t fourth = input[3 * step];

            to[0] = bw_pack_bottoms(first, second);
            to[1] = bw_pack_bottoms(third, fourth);
        }
        if (columns & 2) {
            *to++ = bw_pack_bottoms(input[0], input[step]);
            input += 2 * step;
        }
        if (columns & 1) {
            *to = bw_pack_bottoms(*input, padding);
        }
    }
}

/* Returns the output of a doubled sum. Where the activation cuts off what is below the zero point,
 * it does not matter how ties of negative sums are rounded, and an instruction is saved. */
static inline int8_t bw_finish_as(int32_t positive, int32_t sum, int32_t multiplier,
                                  int32_t rounding, int32_t right_shift)
{
    if (positive) {
        return bw_saturate(bw_add_product_high(rounding, sum, multiplier) >> right_shift);
    }
    return bw_finish(sum, multiplier, rounding, right_shift);
}

/* Four sums that grow together. */
typedef struct {
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
} bw_sums_t;

/* Computes four outputs of one channel, or the first three of them. */
BW_INLINE void bw_store(int32_t positive, const bw_filter_t *f, bw_sums_t s, int32_t count,
                            int32_t step, int8_t *output)
{
    const int32_t multiplier = f->multiplier;
    const int32_t rounding = f->rounding;
    const int32_t right_shift = f->right_shift;

    output[0] = bw_finish_as(positive, s.a, multiplier, rounding, right_shift);
    output[step] = bw_finish_as(positive, s.b, multiplier, rounding, right_shift);
    output[2 * step] = bw_finish_as(positive, s.c, multiplier, rounding, right_shift);
    if (count > 3) {
        output[3 * step] = bw_finish_as(positive, s.d, multiplier, rounding, right_shift);
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

/* Computes all outputs of one channel from its plane, with stride 1. */
BW_INLINE void bw_stride_1(int32_t positive, const bw_filter_t *f, const bw_view_t *view,
                               const int32_t *plane, int8_t *output)
{
    const int32_t pitch = view->pitch;
    const int32_t next_plane = view->across->stride * pitch;
    const int32_t step = view->output_along;
    const int32_t next_output = view->output_across;
    const int32_t columns = view->along->output;

    for (int32_t row = view->across->output; row > 0; row--) {
        const int32_t *x = plane;
        int8_t *to = output;
        int32_t count = columns;

        for (; count > 2; count -= 4, x += 2, to += 4 * step) {
            const int32_t bias = f->bias;
            bw_sums_t s = {bias, bias, bias, bias};

            bw_add_four(x, f->weights, &s);
            bw_add_four(x + pitch, f->weights + 2, &s);
            bw_add_four(x + 2 * pitch, f->weights + 4, &s);
            bw_store(positive, f, s, count, step, to);
        }
        if (count > 0) {
            bw_sums_t s = {f->bias, f->bias, 0, 0};

            bw_add_two(x, f->weights, &s);
            bw_add_two(x + pitch, f->weights + 2, &s);
            bw_add_two(x + 2 * pitch, f->weights + 4, &s);
            to[0] = bw_finish_as(positive, s.a, f->multiplier, f->rounding, f->right_shift);
            if (count > 1) {
                to[step] = bw_finish_as(positive, s.b, f->multiplier, f->rounding, f->right_shift);
            }
        }
        plane += next_plane;
        output += next_output;
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

BW_INLINE void bw_stride_2(int32_t positive, const bw_filter_t *f, const bw_view_t *view,
                               const int32_t *plane, int8_t *output)
{
    const int32_t pitch = view->pitch;
    const int32_t next_plane = view->across->stride * pitch;
    const int32_t step = view->output_along;
    const int32_t next_output = view->output_across;
    const int32_t columns = view->along->output;

    for (int32_t row = view->across->output; row > 0; row--) {
        const int32_t *x = plane;
        int8_t *to = output;
        int32_t count = columns;

        for (; count > 3; count -= 4, x += 4, to += 4 * step) {
            const int32_t bias = f->bias;
            bw_sums_t s = {bias, bias, bias, bias};

            bw_add_four_apart(x, f->weights, &s);
            bw_add_four_apart(x + pitch, f->weights + 2, &s);
            bw_add_four_apart(x + 2 * pitch, f->weights + 4, &s);
            bw_store(positive, f, s, count, step, to);
        }
        for (; count > 0; count--, x++, to += step) {
            int32_t sum = bw_add_one(x, f->weights, f->bias);

            sum = bw_add_one(x + pitch, f->weights + 2, sum);
            sum = bw_add_one(x + 2 * pitch, f->weights + 4, sum);
            *to = bw_finish_as(positive, sum, f->multiplier, f->rounding, f->right_shift);
        }
        plane += next_plane;
        output += next_output;
    }
}

/* Those of one channel, as functions of their own: one at a time is all that registers hold. */
typedef void bw_convolve_t(const bw_filter_t *f, const bw_view_t *view, const int32_t *plane,
                           int8_t *output);

static void bw_stride_1_signed(const bw_filter_t *f, const bw_view_t *view, const int32_t *plane,
                               int8_t *output)
{
    bw_stride_1(0, f, view, plane, output);
}

static void bw_stride_2_signed(const bw_filter_t *f, const bw_view_t *view, const int32_t *plane,
                               int8_t *output)
{
    bw_stride_2(0, f, view, plane, output);
}

static void bw_stride_1_positive(const bw_filter_t *f, const bw_view_t *view,
                                 const int32_t *plane, int8_t *output)
{
    bw_stride_1(1, f, view, plane, output);
}

static void bw_stride_2_positive(const bw_filter_t *f, const bw_view_t *view,
                                 const int32_t *plane, int8_t *output)
{
    bw_stride_2(1, f, view, plane, output);
}

static bw_view_t bw_find_view(const bw_depthwise_conv_2d_t *p)
{
    const int32_t channels = p->input_channels;
    const int32_t upright = p->y.output > p->x.output && p->y.stride <= 2;
    bw_view_t view = {&p->x, &p->y, channels, p->x.input * channels, channels,
                      p->x.output * channels, channels, 3 * channels, 0, 0, 0, 0};

    if (upright) {
        const bw_view_t turned = {&p->y, &p->x, view.input_across, channels, view.output_across,
                                  channels, 3 * channels, channels, 0, 0, 0, 0};

        view = turned;
    }
    view.pitch = (bw_seen(view.along) + 1) / 2;
    view.plane_rows = bw_seen(view.across);
    view.inside_rows = bw_inside(view.across);
    view.inside_columns = bw_inside(view.along);
    return view;
}

static void bw_by_channel(const bw_depthwise_conv_2d_t *p, bw_convolve_t *const convolve[2],
                                 const int8_t *input, int8_t *output, int8_t *scratch)
{
    const bw_view_t view = bw_find_view(p);
    const int32_t input_size = p->y.input * p->x.input * p->input_channels;
    const int32_t output_size = p->y.output * p->x.output * p->input_channels;
    const int32_t zero = p->input_zero_point;
    int32_t *const plane = (int32_t *)(void *)scratch;

    for (int32_t i = 0; i < view.plane_rows * view.pitch; i++) {
        plane[i] = bw_pack_bottoms(zero, zero);
    }
    for (int32_t batch = 0; batch < p->batches; batch++) {
        for (int32_t channel = 0; channel < p->input_channels; channel++) {
            bw_filter_t filter;

            bw_read_filter(p, &view, channel, &filter);
            bw_gather(&view, input + channel, zero, plane);
            convolve[view.along->stride - 1](&filter, &view, plane, output + channel);
        }
        bw_cut(output, output_size, p->activation_min, p->activation_max);
        input += input_size;
        output += output_size;
    }
}

void bw_depthwise_conv_2d_3x3(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *output,
                              int8_t *scratch)
{
    static bw_convolve_t *const convolve[2] = {bw_stride_1_signed, bw_stride_2_signed};

    bw_by_channel(p, convolve, input, output, scratch);
}

void bw_depthwise_conv_2d_3x3_relu(const bw_depthwise_conv_2d_t *p, const int8_t *input,
                                   int8_t *output, int8_t *scratch)
{
    static bw_convolve_t *const convolve[2] = {bw_stride_1_positive, bw_stride_2_positive};

    bw_by_channel(p, convolve, input, output, scratch);
}
#endif
