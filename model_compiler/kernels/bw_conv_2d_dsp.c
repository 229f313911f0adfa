/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D on cores with 16-bit SIMD: four output pixels by two output channels at a time. What the
 * pixels see is gathered in a patch and expanded, once for all channels; bw_narrow.h explains how. */
#include "bw_narrow.h"

#if BW_DSP
#include <stddef.h>

#define PIXELS 4

/* Expands `count` bytes of each of four pixels that are `step` bytes apart; see bw_expand. */
static int32_t *expand_four(const int8_t *from, int32_t step, int32_t count, int32_t *to)
{
    for (; count >= 4; count -= 4, from += 4, to += 2 * PIXELS) {
        const int8_t *const third = from + 2 * step;
        const uint32_t quad0 = bw_load_4(from);
        const uint32_t quad1 = bw_load_4(from + step);
        const uint32_t quad2 = bw_load_4(third);
        const uint32_t quad3 = bw_load_4(third + step);

        to[0] = bw_odd_pair(quad0);
        to[1] = bw_odd_pair(quad1);
        to[2] = bw_odd_pair(quad2);
        to[3] = bw_odd_pair(quad3);
        to[4] = bw_even_pair(quad0);
        to[5] = bw_even_pair(quad1);
        to[6] = bw_even_pair(quad2);
        to[7] = bw_even_pair(quad3);
    }
    if (count > 0) {
        for (int32_t pixel = 0; pixel < PIXELS; pixel++) {
            bw_expand(from + pixel * step, count, PIXELS, to + pixel);
        }
        to += 2 * PIXELS;
    }
    return to;
}

/* Sets `count` bytes to value. */
static int8_t *fill(int32_t value, int32_t count, int8_t *to)
{
    const uint32_t four = (uint32_t)(value & 0xff) * 0x01010101u;

    for (; count >= 4; count -= 4, to += 4) {
        bw_store_4(to, four);
    }
    for (; count > 0; count--) {
        *to++ = (int8_t)value;
    }
    return to;
}

/* Copies `count` bytes, four at a time as far as that goes. */
static int8_t *copy(const int8_t *from, int32_t count, int8_t *to)
{
    for (; count >= 4; count -= 4, from += 4, to += 4) {
        bw_store_4(to, bw_load_4(from));
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

/* Returns the bytes of `columns` columns from x on in a row of the input: in the image itself where
 * they lie within it, else copied to `strip` with padding as the input's zero point. row is NULL where
 * all is padding. */
static const int8_t *find_columns(const bw_conv_2d_narrow_t *p, const int8_t *row, int32_t x,
                                  int32_t columns, int8_t *strip)
{
    const int32_t channels = p->input_channels;
    const int32_t end = x + columns;
    const int32_t first_inside = x < 0 ? 0 : x;
    const int32_t last_inside = end > p->x.input ? p->x.input : end;
    int8_t *to = strip;

    if (row == NULL || first_inside >= last_inside) {
        fill(p->input_zero_point, columns * channels, strip);
        return strip;
    }
    if (x >= 0 && end <= p->x.input) {
        return row + x * channels;
    }
    to = fill(p->input_zero_point, (first_inside - x) * channels, to);
    to = copy(row + first_inside * channels, (last_inside - first_inside) * channels, to);
    fill(p->input_zero_point, (end - last_inside) * channels, to);
    return strip;
}

/* Expands `count` bytes of each of `pixels` pixels, `step` bytes apart, for a patch `lanes` wide;
 * pixels is lanes or 1. */
static int32_t *expand(const int8_t *from, int32_t step, int32_t count, int32_t pixels,
                       int32_t lanes, int32_t *to)
{
    return pixels == PIXELS ? expand_four(from, step, count, to)
                            : bw_expand(from, count, lanes, to);
}

/* Expands what `pixels` neighbours in an output row see, the first of them at out_y, out_x.
 *
 * A row of the window goes from the image straight to the patch where it is whole quads; else the
 * windows are gathered first, each behind the other. */
static void expand_windows(const bw_conv_2d_narrow_t *p, const int8_t *image, int32_t out_y,
                           int32_t out_x, int32_t pixels, int32_t lanes, int32_t *patch,
                           int8_t *strip)
{
    const int32_t channels = p->input_channels;
    const int32_t step = p->x.stride * channels;
    const int32_t x = out_x * p->x.stride - p->x.padding;
    const int32_t columns = (pixels - 1) * p->x.stride + (p->x.filter - 1) * p->x.dilation + 1;
    const int32_t runs = p->x.dilation == 1 ? 1 : p->x.filter;
    const int32_t run = p->x.filter / runs * channels;
    int8_t *const gathered = strip + p->strip;
    int8_t *to = gathered;
    int32_t y = out_y * p->y.stride - p->y.padding;

    for (int32_t k = 0; k < p->y.filter; k++, y += p->y.dilation) {
        const int8_t *const row = image + y * p->x.input * channels;
        const int8_t *from = find_columns(p, y >= 0 && y < p->y.input ? row : NULL, x, columns,
                                          strip);

        for (int32_t i = 0; i < runs; i++, from += p->x.dilation * channels) {
            if (!p->gathered) {
                patch = expand(from, step, run, pixels, lanes, patch);
                continue;
            }
            for (int32_t pixel = 0; pixel < pixels; pixel++) {
                copy(from + pixel * step, run, to + pixel * 4 * p->quads);
            }
            to += run;
        }
    }
    if (p->gathered) {
        expand(gathered, 4 * p->quads, (int32_t)(to - gathered), pixels, lanes, patch);
    }
}

/* The sums of four pixels for one channel, s0x, and for the next. */
typedef struct {
    int32_t s00, s01, s02, s03;
    int32_t s10, s11, s12, s13;
} sums_t;

#if defined(__GNUC__) && defined(__arm__) && defined(__OPTIMIZE__)

#define TIMES_FOUR_PIXELS                   \
    "ldrd %[c], %[d], [%[x]], #8\n\t"       \
    "smlad %[s00], %[a], %[c], %[s00]\n\t"  \
    "smlad %[s10], %[b], %[c], %[s10]\n\t"  \
    "smlad %[s01], %[a], %[d], %[s01]\n\t"  \
    "smlad %[s11], %[b], %[d], %[s11]\n\t"  \
    "ldrd %[c], %[d], [%[x]], #8\n\t"       \
    "smlad %[s02], %[a], %[c], %[s02]\n\t"  \
    "smlad %[s12], %[b], %[c], %[s12]\n\t"  \
    "smlad %[s03], %[a], %[d], %[s03]\n\t"  \
    "smlad %[s13], %[b], %[d], %[s13]\n\t"

#define ADD_QUAD                            \
    "ldrd %[a], %[b], [%[w]], #8\n\t"       \
    TIMES_FOUR_PIXELS                       \
    "sxtb16 %[a], %[a]\n\t"                 \
    "sxtb16 %[b], %[b]\n\t"                 \
    TIMES_FOUR_PIXELS

/* Adds the products of weights and inputs to eight sums, and returns where the weights end.
 *
 * Takes all 14 registers: eight sums, two pointers, and four for weights and inputs. Compilers do
 * not find this allotment. A turn takes two quads; an odd number is entered in the middle. */
static inline const int32_t *multiply(sums_t *t, const int32_t *w, const int32_t *x,
                                       const int32_t *const *end, const int32_t *odd)
{
    int32_t a, b, c, d;

    __asm__("ldr %[a], %[odd]\n\t"
            "cmp %[a], #0\n\t"
            "bne 2f\n"
            "1:\n\t" ADD_QUAD
            "2:\n\t" ADD_QUAD
            "ldr %[a], %[end]\n\t"
            "cmp %[x], %[a]\n\t"
            "bne 1b"
            : [s00] "+r"(t->s00), [s01] "+r"(t->s01), [s02] "+r"(t->s02), [s03] "+r"(t->s03),
              [s10] "+r"(t->s10), [s11] "+r"(t->s11), [s12] "+r"(t->s12), [s13] "+r"(t->s13),
              [w] "+r"(w), [x] "+r"(x),
              [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)
            : [end] "m"(*end), [odd] "m"(*odd)
            : "cc", "memory");
    return w;
}
#else
static inline const int32_t *multiply(sums_t *t, const int32_t *w, const int32_t *x,
                                       const int32_t *const *end, const int32_t *odd)
{
    (void)odd;
    while (x != *end) {
        int32_t a = *w++;
        int32_t b = *w++;

        for (int part = 0; part < 2; part++) {
            t->s00 = __smlad(a, x[0], t->s00);
            t->s01 = __smlad(a, x[1], t->s01);
            t->s02 = __smlad(a, x[2], t->s02);
            t->s03 = __smlad(a, x[3], t->s03);
            t->s10 = __smlad(b, x[0], t->s10);
            t->s11 = __smlad(b, x[1], t->s11);
            t->s12 = __smlad(b, x[2], t->s12);
            t->s13 = __smlad(b, x[3], t->s13);
            a = bw_even_bytes((uint32_t)a);
            b = bw_even_bytes((uint32_t)b);
            x += PIXELS;
        }
    }
    return w;
}
#endif

static inline int8_t finish(int32_t sum, bw_channel_t c)
{
    return bw_finish_narrow(sum, c.multiplier, c.addend, c.shift);
}

static void four_pixels(const bw_conv_2d_narrow_t *p, const int32_t *patch, int8_t *output)
{
    const bw_channel_t *c = p->channels;
    const int32_t *w = p->weights;
    const int32_t *const end = patch + 2 * PIXELS * p->quads;
    const int32_t odd = p->quads & 1;
    const int32_t stride = p->output_channels;
    int8_t *const output_end = output + stride;

    do {
        const int32_t bias0 = c[0].bias;
        const int32_t bias1 = c[1].bias;
        sums_t t = {bias0, bias0, bias0, bias0, bias1, bias1, bias1, bias1};
        bw_channel_t channel;
        int8_t *to = output;

        w = multiply(&t, w, patch, &end, &odd);
        channel = *c++;
        to[0] = finish(t.s00, channel);
        to += stride;
        to[0] = finish(t.s01, channel);
        to += stride;
        to[0] = finish(t.s02, channel);
        to += stride;
        to[0] = finish(t.s03, channel);
        channel = *c++;
        if (++output == output_end) {
            break;
        }
        to = output++;
        to[0] = finish(t.s10, channel);
        to += stride;
        to[0] = finish(t.s11, channel);
        to += stride;
        to[0] = finish(t.s12, channel);
        to += stride;
        to[0] = finish(t.s13, channel);
    } while (output != output_end);
}

static void one_pixel(const bw_conv_2d_narrow_t *p, const int32_t *patch, int8_t *output)
{
    const bw_channel_t *c = p->channels;
    const int32_t *w = p->weights;
    const int32_t *const end = patch + 2 * p->quads;
    int8_t *const output_end = output + p->output_channels;

    do {
        int32_t s0 = c[0].bias;
        int32_t s1 = c[1].bias;

        for (const int32_t *x = patch; x != end; x += 2, w += 2) {
            s0 = __smlad(w[0], x[0], s0);
            s1 = __smlad(w[1], x[0], s1);
            s0 = __smlad(bw_even_bytes((uint32_t)w[0]), x[1], s0);
            s1 = __smlad(bw_even_bytes((uint32_t)w[1]), x[1], s1);
        }
        *output++ = finish(s0, *c++);
        if (output == output_end) {
            break;
        }
        *output++ = finish(s1, *c++);
    } while (output != output_end);
}

/* Expands what the pixels of a block see: from `pixel` on, as many as the patch has lanes. */
static void expand_block(const bw_conv_2d_narrow_t *p, const int8_t *image, int32_t pixel,
                         int32_t lanes, int32_t *patch, int8_t *strip)
{
    int32_t y, x;

    if (p->pointwise) {
        expand(image + pixel * p->input_channels, p->input_channels, p->input_channels, lanes,
               lanes, patch);
        return;
    }
    y = pixel / p->x.output;
    x = pixel - y * p->x.output;
    if (x + lanes <= p->x.output) {
        expand_windows(p, image, y, x, lanes, lanes, patch, strip);
        return;
    }
    for (int32_t lane = 0; lane < lanes; lane++) {
        expand_windows(p, image, y, x, 1, lanes, patch + lane, strip);
        if (++x == p->x.output) {
            x = 0;
            y++;
        }
    }
}

void bw_conv_2d_narrow(const bw_conv_2d_narrow_t *p, const int8_t *input, int8_t *output,
                       int8_t *scratch)
{
    const int32_t pixels = p->y.output * p->x.output;
    const int32_t count = p->batches * pixels * p->output_channels;
    int32_t *const patch = (int32_t *)(void *)scratch;
    int8_t *const strip = scratch + 8 * PIXELS * p->quads;

    for (int32_t batch = 0; batch < p->batches; batch++) {
        int32_t pixel = 0;

        for (; pixel + PIXELS <= pixels; pixel += PIXELS) {
            expand_block(p, input, pixel, PIXELS, patch, strip);
            four_pixels(p, patch, output);
            output += PIXELS * p->output_channels;
        }
        for (; pixel < pixels; pixel++) {
            expand_block(p, input, pixel, 1, patch, strip);
            one_pixel(p, patch, output);
            output += p->output_channels;
        }
        input += p->y.input * p->x.input * p->input_channels;
    }
    bw_cut(output - count, count, p->activation_min, p->activation_max);
}
#endif
