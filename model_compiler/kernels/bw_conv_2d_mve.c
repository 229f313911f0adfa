/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D for Helium: what a pixel of the output sees is a row of bytes, and a channel's weights are
 * another one; the output is the product of two matrices.
 *
 * Rows of pixels: where the filter is 1x1 without stride and the channels fill whole vectors, or half
 * of one, they stand in the input as they are. Else some of them at a time are gathered into scratch,
 * padding written out, each at a multiple of 16 bytes. What stands behind a row, be it rubbish or the
 * next row, meets weights of zero. Scratch has 16 bytes more, since rows are written in whole vectors.
 *
 * Short rows, up to four vectors: a channel's weights stay in registers, and pixels pass by in fours,
 * whose outputs are requantised together by the channel's multiplier in a scalar register.
 *
 * Long rows: three pixels by two channels at a time, so that five loads serve six products. */
#if defined(__GNUC__) && !defined(__clang__)
/* GCC would load more vectors ahead than there are registers. */
#pragma GCC optimize("no-schedule-insns")
#endif
#include "bw_kernels.h"

#if BW_MVE
#include "bw_mve.h"

/* Scratch holds as many gathered rows as fit into this, but three at least. */
#define GATHERED_BYTES 1296
#define SHORT_VECTORS 4
#define HALF (BW_MVE_BYTES / 2)

/* Rows of pixels, of `size` bytes, `stride` bytes apart; the first `whole` of them may be read in
 * whole vectors. */
typedef struct {
    const int8_t *x;
    int32_t size;
    int32_t stride;
    int32_t count;
    int32_t whole;
} rows_t;

/* Gathers what an output pixel sees, in the order of the weights, at a border: the filter begins at
 * y and x of the image, and is not dilated along x. */
static void gather_border(const bw_conv_2d_t *p, const int8_t *image, int32_t y, int32_t x,
                          int8_t *to)
{
    const int32_t channels = p->input_channels;
    const int32_t row_size = p->x.filter * channels;
    const int32_t first = bw_clamp(-x, 0, p->x.filter) * channels;
    const int32_t end = bw_clamp(p->x.input - x, 0, p->x.filter) * channels;
    const int32_t step = p->x.input * channels * p->y.dilation;
    const int8x16_t padding = vdupq_n_s8((int8_t)p->input_zero_point);

    for (int32_t done = 0; done < row_size; done += BW_MVE_BYTES, to += BW_MVE_BYTES) {
        const mve_pred16_t wanted = vctp8q((uint32_t)(row_size - done));
        const mve_pred16_t there = bw_mve_between(first - done, end - done);
        int32_t place = (y * p->x.input + x) * channels + done;
        int32_t row = y;
        int8_t *target = to;

        for (int32_t left = p->y.filter; left > 0; left--, row += p->y.dilation) {
            int8x16_t value = padding;

            if (row >= 0 && row < p->y.input) {
                value = vpselq_s8(vldrbq_z_s8(image + place, there), padding, there);
            }
            vstrbq_p_s8(target, value, wanted);
            place += step;
            target += row_size;
        }
    }
}

/* Does the same, pixel by pixel, for a filter that is dilated along x. */
static void gather_dilated(const bw_conv_2d_t *p, const int8_t *image, int32_t y, int32_t x,
                           int8_t *to)
{
    const int32_t channels = p->input_channels;

    bw_mve_fill(to, p->input_zero_point, p->y.filter * p->x.filter * channels);
    for (int32_t i = 0; i < p->y.filter; i++, y += p->y.dilation) {
        for (int32_t k = 0; k < p->x.filter; k++, to += channels) {
            const int32_t column = x + k * p->x.dilation;

            if (y >= 0 && y < p->y.input && column >= 0 && column < p->x.input) {
                bw_mve_copy(to, image + (y * p->x.input + column) * channels, channels);
            }
        }
    }
}

/* Does the same away from all borders, and from the end of the image, which whole vectors could
 * exceed: what they hold too much is written over by the next row, or meets weights of zero. */
static void gather_inside(const bw_conv_2d_t *p, const int8_t *from, int8_t *to)
{
    const int32_t row_size = p->x.filter * p->input_channels;
    const int32_t step = p->x.input * p->input_channels * p->y.dilation;
    const uint32_t vectors = (uint32_t)(row_size + BW_MVE_BYTES - 1) / BW_MVE_BYTES;

    if (vectors == 1) {
        for (uint32_t left = (uint32_t)p->y.filter; left != 0; left--) {
            vstrbq_s8(to, vldrbq_s8(from));
            from += step;
            to += row_size;
        }
        return;
    }
    for (uint32_t left = (uint32_t)p->y.filter; left != 0; left--) {
        const int8_t *source = from;
        int8_t *target = to;

        for (uint32_t vector = vectors; vector != 0; vector--) {
            vstrbq_s8(target, vldrbq_s8(source));
            source += BW_MVE_BYTES;
            target += BW_MVE_BYTES;
        }
        from += step;
        to += row_size;
    }
}

/* Returns the product of the row at *x, which moves on to the next one, and of weights held in
 * registers; `size`, half a vector or up to four, is a constant where this is inlined. */
BW_MVE_INLINE int32_t dot(const int8_t **x, int8x16_t w0, int8x16_t w1, int8x16_t w2, int8x16_t w3,
                          int32_t size)
{
    int32_t sum = vmladavq_s8(bw_mve_next(x, size == HALF ? HALF : BW_MVE_BYTES), w0);

    if (size > BW_MVE_BYTES) {
        sum = vmladavaq_s8(sum, bw_mve_next(x, BW_MVE_BYTES), w1);
    }
    if (size > 2 * BW_MVE_BYTES) {
        sum = vmladavaq_s8(sum, bw_mve_next(x, BW_MVE_BYTES), w2);
    }
    if (size > 3 * BW_MVE_BYTES) {
        sum = vmladavaq_s8(sum, bw_mve_next(x, BW_MVE_BYTES), w3);
    }
    return sum;
}

/* Computes one channel of pixels in fours, of which there is one at least; the shift is simple,
 * `stride` is that of the rows, as a constant where this is inlined. */
BW_MVE_INLINE void short_rows(const bw_mve_scaling_t *s, const rows_t *rows, int32_t channel,
                              int32_t channels, const int8_t *weights, int32_t stride,
                              int8_t *output)
{
    const int32_t vectors = (stride + BW_MVE_BYTES - 1) / BW_MVE_BYTES;
    const mve_pred16_t some = vctp8q((uint32_t)(rows->size - BW_MVE_BYTES * (vectors - 1)));
    const int8x16_t last = vldrbq_z_s8(weights + BW_MVE_BYTES * (vectors - 1), some);
    const int8x16_t w0 = vectors > 1 ? vldrbq_s8(weights) : last;
    const int8x16_t w1 = vectors > 2 ? vldrbq_s8(weights + BW_MVE_BYTES) : last;
    const int8x16_t w2 = vectors > 3 ? vldrbq_s8(weights + 2 * BW_MVE_BYTES) : last;
    const uint32x4_t pixels = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)channels);
    const int32_t bias = s->bias[channel];
    const int32_t multiplier = s->multipliers[channel];
    const int32_t shift = s->shifts[channel];
    const int32_t away = s->away;
    const int32_t offset = s->offset;
    const int8_t *x = rows->x;
    uint32_t fours = (uint32_t)rows->whole / 4;
    int32x4_t sums = vdupq_n_s32(0);

    output += channel;
    do {
        sums = vsetq_lane_s32(dot(&x, w0, w1, w2, last, stride), sums, 0);
        sums = vsetq_lane_s32(dot(&x, w0, w1, w2, last, stride), sums, 1);
        sums = vsetq_lane_s32(dot(&x, w0, w1, w2, last, stride), sums, 2);
        sums = vsetq_lane_s32(dot(&x, w0, w1, w2, last, stride), sums, 3);
        sums = vqrdmulhq_n_s32(vaddq_n_s32(sums, bias), multiplier);
        sums = vrshlq_n_s32(vqdmlahq_n_s32(sums, sums, away), shift);
        sums = bw_mve_saturate(vaddq_n_s32(sums, offset));
        vstrbq_scatter_offset_s32(output, pixels, sums);
        output += 4 * channels;
    } while (--fours != 0);
}

typedef void short_rows_t(const bw_mve_scaling_t *s, const rows_t *rows, int32_t channel,
                          int32_t channels, const int8_t *weights, int8_t *output);

#define SHORT_ROWS(name, stride)                                                               \
    static void name(const bw_mve_scaling_t *s, const rows_t *rows, int32_t channel,           \
                     int32_t channels, const int8_t *weights, int8_t *output)                  \
    {                                                                                          \
        short_rows(s, rows, channel, channels, weights, stride, output);                       \
    }

SHORT_ROWS(rows_of_half, HALF)
SHORT_ROWS(rows_of_one, BW_MVE_BYTES)
SHORT_ROWS(rows_of_two, 2 * BW_MVE_BYTES)
SHORT_ROWS(rows_of_three, 3 * BW_MVE_BYTES)
SHORT_ROWS(rows_of_four, 4 * BW_MVE_BYTES)

/* Returns how many pixels it has computed: fours of those that may be read in whole vectors. */
static int32_t multiply_short(const bw_conv_2d_t *p, const bw_mve_scaling_t *s,
                              const rows_t *rows, int8_t *output)
{
    static short_rows_t *const by_vectors[SHORT_VECTORS + 1] = {
        rows_of_half, rows_of_one, rows_of_two, rows_of_three, rows_of_four,
    };
    short_rows_t *const compute = by_vectors[rows->stride / BW_MVE_BYTES];
    const int8_t *weights = p->weights;

    for (int32_t channel = 0; channel < p->output_channels; channel++, weights += rows->size) {
        compute(s, rows, channel, p->output_channels, weights, output);
    }
    return rows->whole / 4 * 4;
}

/* Sets two sums for each of three pixels: sums[4 * pixel] and the one behind it. */
BW_MVE_INLINE void three_by_two(const rows_t *rows, const int8_t *x, const int8_t *weights,
                                int32_t *sums)
{
    const int8_t *x0 = x;
    const int8_t *x1 = x0 + rows->stride;
    const int8_t *x2 = x1 + rows->stride;
    const int8_t *w0 = weights;
    const int8_t *w1 = w0 + rows->size;
    const uint32_t rest = (uint32_t)rows->size % BW_MVE_BYTES;
    uint32_t left = (uint32_t)rows->size / BW_MVE_BYTES;
    int32_t sum00 = 0;
    int32_t sum01 = 0;
    int32_t sum10 = 0;
    int32_t sum11 = 0;
    int32_t sum20 = 0;
    int32_t sum21 = 0;

    do {
        const int8x16_t a = vldrbq_s8(w0);
        const int8x16_t b = vldrbq_s8(w1);
        int8x16_t value = vldrbq_s8(x0);

        sum00 = vmladavaq_s8(sum00, value, a);
        sum01 = vmladavaq_s8(sum01, value, b);
        value = vldrbq_s8(x1);
        sum10 = vmladavaq_s8(sum10, value, a);
        sum11 = vmladavaq_s8(sum11, value, b);
        value = vldrbq_s8(x2);
        sum20 = vmladavaq_s8(sum20, value, a);
        sum21 = vmladavaq_s8(sum21, value, b);
        w0 += BW_MVE_BYTES;
        w1 += BW_MVE_BYTES;
        x0 += BW_MVE_BYTES;
        x1 += BW_MVE_BYTES;
        x2 += BW_MVE_BYTES;
    } while (--left != 0);
    if (rest != 0) {
        const mve_pred16_t some = vctp8q(rest);
        const int8x16_t a = vldrbq_z_s8(w0, some);
        const int8x16_t b = vldrbq_z_s8(w1, some);

        sum00 = vmladavaq_s8(sum00, vldrbq_s8(x0), a);
        sum01 = vmladavaq_s8(sum01, vldrbq_s8(x0), b);
        sum10 = vmladavaq_s8(sum10, vldrbq_s8(x1), a);
        sum11 = vmladavaq_s8(sum11, vldrbq_s8(x1), b);
        sum20 = vmladavaq_s8(sum20, vldrbq_s8(x2), a);
        sum21 = vmladavaq_s8(sum21, vldrbq_s8(x2), b);
    }
    sums[0] = sum00;
    sums[1] = sum01;
    sums[4] = sum10;
    sums[5] = sum11;
    sums[8] = sum20;
    sums[9] = sum21;
}

/* Computes all channels of three pixels. */
static void three_pixels(const bw_conv_2d_t *p, const bw_mve_scaling_t *s, const rows_t *rows,
                         const int8_t *x, int8_t *output)
{
    const int32_t channels = p->output_channels;
    const int8_t *weights = p->weights;
    int32_t channel = 0;

    for (; channel + 4 <= channels; channel += 4) {
        int32_t sums[12];

        three_by_two(rows, x, weights, sums);
        weights += 2 * rows->size;
        three_by_two(rows, x, weights, sums + 2);
        weights += 2 * rows->size;
        bw_mve_scale_four(s, channel, sums, 3, output + channel, channels);
    }
    for (; channel < channels; channel++, weights += rows->size) {
        for (int32_t pixel = 0; pixel < 3; pixel++) {
            const int32_t sum = bw_mve_one_by_one(x + pixel * rows->stride, weights, rows->size);

            output[pixel * channels + channel] = bw_mve_scale_one(s, sum, channel);
        }
    }
}

static void multiply(const bw_conv_2d_t *p, const bw_mve_scaling_t *s, const rows_t *rows,
                     int8_t *output)
{
    const int32_t channels = p->output_channels;
    int32_t done = 0;

    if (rows->whole >= 4 && rows->stride <= SHORT_VECTORS * BW_MVE_BYTES && s->simple) {
        done = multiply_short(p, s, rows, output);
    } else if (rows->size >= BW_MVE_BYTES) {
        for (; done + 3 <= rows->whole; done += 3) {
            three_pixels(p, s, rows, rows->x + done * rows->stride, output + done * channels);
        }
    }
    for (; done < rows->count; done++) {
        bw_mve_one_row(s, rows->x + done * rows->stride, p->weights, rows->size, 0, channels,
                       output + done * channels);
    }
}

/* Gathers and multiplies the rows of all pixels of an image, a few at a time: a multiple of three,
 * for long rows, and where so many fit also of four, for short ones. */
static void multiply_gathered(const bw_conv_2d_t *p, const bw_mve_scaling_t *s,
                              const int8_t *image, int32_t size, int8_t *scratch, int8_t *output)
{
    const int32_t channels = p->input_channels;
    const int32_t pitch = p->x.input * channels;
    const int32_t stride = (size + BW_MVE_BYTES - 1) / BW_MVE_BYTES * BW_MVE_BYTES;
    const int32_t fitting = GATHERED_BYTES / stride;
    const int32_t most = fitting >= 12 ? fitting / 12 * 12 : fitting >= 6 ? fitting / 3 * 3 : 3;
    const int32_t reach = (p->y.filter - 1) * p->y.dilation;
    const int32_t vectors = (p->x.filter * channels + BW_MVE_BYTES - 1) / BW_MVE_BYTES;
    const int32_t last = (p->y.input - reach) * pitch - vectors * BW_MVE_BYTES;
    rows_t rows = {scratch, size, stride, most, most};
    int32_t count = 0;
    int8_t *to = scratch;

    for (int32_t i = 0; i < p->y.output; i++) {
        const int32_t y = i * p->y.stride - p->y.padding;
        const int inside = y >= 0 && y + reach < p->y.input;
        int32_t x = -p->x.padding;

        for (int32_t left = p->x.output; left > 0; left--, x += p->x.stride) {
            const int32_t place = y * pitch + x * channels;

            if (p->x.dilation > 1) {
                gather_dilated(p, image, y, x, to);
            } else if (inside && x >= 0 && x + p->x.filter <= p->x.input && place <= last) {
                gather_inside(p, image + place, to);
            } else {
                gather_border(p, image, y, x, to);
            }
            to += stride;
            if (++count == most) {
                multiply(p, s, &rows, output);
                output += most * p->output_channels;
                count = 0;
                to = scratch;
            }
        }
    }
    rows.count = rows.whole = count;
    multiply(p, s, &rows, output);
}

void bw_conv_2d(const bw_conv_2d_t *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t size = p->y.filter * p->x.filter * p->input_channels;
    const int32_t pixels = p->y.output * p->x.output;
    const int32_t away = p->activation_min < p->output_offset;
    const bw_mve_scaling_t scaling = {
        .bias = p->bias,
        .multipliers = p->multipliers,
        .shifts = p->shifts,
        .per_channel = 1,
        .offset = p->output_offset,
        .away = away,
        .simple = bw_mve_greatest(p->shifts, p->output_channels) <= -away,
    };

    for (int32_t batch = 0; batch < p->batches; batch++) {
        if (p->pointwise && (size % BW_MVE_BYTES == 0 || size == HALF)) {
            const rows_t rows = {input, size, size, pixels, pixels - (size == HALF)};

            multiply(p, &scaling, &rows, output);
        } else {
            multiply_gathered(p, &scaling, input, size, scratch, output);
        }
        bw_mve_clamp(output, pixels * p->output_channels, p->activation_min, p->activation_max);
        input += p->y.input * p->x.input * p->input_channels;
        output += pixels * p->output_channels;
    }
}
#endif
