/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D on cores with 16-bit SIMD: four output pixels by two output channels at a time. What the
 * pixels see is gathered in a patch and expanded, once for all channels; bw_narrow.h explains how. */
#include "bw_narrow.h"

#if BW_DSP
#include <stddef.h>

#define PIXELS 4

static int32_t *expand_padding(int32_t zero_point, int32_t quads, int32_t pixels, int32_t *patch)
{
    const uint32_t quad = (uint32_t)(zero_point & 0xff) * 0x01010101u;

    for (; quads > 0; quads--) {
        patch[0] = bw_odd_pair(quad);
        patch[pixels] = bw_even_pair(quad);
        patch += 2 * pixels;
    }
    return patch;
}

/* Copies bytes, which may lie anywhere; returns the end of the copy. */
static int8_t *copy(const int8_t *from, int32_t count, int8_t *to)
{
    for (; count >= 4; count -= 4) {
        bw_store_4(to, bw_load_4(from));
        from += 4;
        to += 4;
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

static int8_t *fill(int32_t value, int32_t count, int8_t *to)
{
    for (; count > 0; count--) {
        *to++ = (int8_t)value;
    }
    return to;
}

/* Copies one row of a window to `to`, padding as the input's zero point; row is NULL where all of it
 * is padding. */
static int8_t *gather_row(const bw_conv_2d_narrow_t *p, const int8_t *row, int32_t x, int8_t *to)
{
    const int32_t channels = p->input_channels;

    if (row != NULL && p->x.dilation == 1 && x >= 0 && x + p->x.filter <= p->x.input) {
        return copy(row + x * channels, p->x.filter * channels, to);
    }
    for (int32_t k = 0; k < p->x.filter; k++, x += p->x.dilation) {
        if (row != NULL && x >= 0 && x < p->x.input) {
            to = copy(row + x * channels, channels, to);
        } else {
            to = fill(p->input_zero_point, channels, to);
        }
    }
    return to;
}

/* Expands one row of a window whose pixels are whole quads, or that lies within the image. */
static int32_t *expand_row(const bw_conv_2d_narrow_t *p, const int8_t *row, int32_t x,
                            int32_t pixels, int32_t *patch)
{
    const int32_t channels = p->input_channels;
    const int32_t zero_point = p->input_zero_point;
    const int32_t row_quads = p->x.filter * channels / 4;
    const int32_t past = x + p->x.filter - p->x.input;
    const int32_t before = x < 0 ? -x * channels / 4 : 0;
    const int32_t after = past > 0 ? past * channels / 4 : 0;

    if (row == NULL || before + after >= row_quads) {
        return expand_padding(zero_point, row_quads, pixels, patch);
    }
    patch = expand_padding(zero_point, before, pixels, patch);
    patch = bw_expand(row + (x < 0 ? 0 : x) * channels, 4 * (row_quads - before - after), pixels,
                      patch);
    return expand_padding(zero_point, after, pixels, patch);
}

/* Expands what one output pixel sees, the last quad filled up with zeros. */
static void expand_window(const bw_conv_2d_narrow_t *p, const int8_t *image, int32_t pixel,
                          int32_t pixels, int32_t *patch, int8_t *gathered)
{
    const int32_t out_y = pixel / p->x.output;
    const int32_t out_x = pixel - out_y * p->x.output;
    const int32_t row_size = p->x.input * p->input_channels;
    const int32_t x = out_x * p->x.stride - p->x.padding;
    const int within = x >= 0 && x + p->x.filter <= p->x.input;
    const int whole = p->x.dilation == 1 && p->x.filter * p->input_channels % 4 == 0 &&
                      (within || p->input_channels % 4 == 0);
    int8_t *to = gathered;
    int32_t y = out_y * p->y.stride - p->y.padding;

    for (int32_t k = 0; k < p->y.filter; k++, y += p->y.dilation) {
        const int8_t *const row = y >= 0 && y < p->y.input ? image + y * row_size : NULL;

        if (whole) {
            patch = expand_row(p, row, x, pixels, patch);
        } else {
            to = gather_row(p, row, x, to);
        }
    }
    if (!whole) {
        bw_expand(gathered, (int32_t)(to - gathered), pixels, patch);
    }
}


/* The sums of two channels, [0] and [1], for four pixels. */
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

void bw_conv_2d_narrow(const bw_conv_2d_narrow_t *p, const int8_t *input, int8_t *output,
                       int8_t *scratch)
{
    const int32_t count = p->y.output * p->x.output;
    int32_t *const patch = (int32_t *)(void *)scratch;

    for (int32_t batch = 0; batch < p->batches; batch++) {
        int32_t pixel = 0;

        while (pixel < count) {
            const int32_t pixels = count - pixel < PIXELS ? 1 : PIXELS;

            for (int32_t i = 0; i < pixels; i++) {
                if (p->pointwise) {
                    bw_expand(input + (pixel + i) * p->input_channels, p->input_channels, pixels,
                              patch + i);
                } else {
                    expand_window(p, input, pixel + i, pixels, patch + i,
                                  scratch + 8 * PIXELS * p->quads);
                }
            }
            if (pixels == PIXELS) {
                four_pixels(p, patch, output);
            } else {
                one_pixel(p, patch, output);
            }
            output += pixels * p->output_channels;
            pixel += pixels;
        }
        input += p->y.input * p->x.input * p->input_channels;
    }
    bw_cut(output - p->batches * count * p->output_channels,
           p->batches * count * p->output_channels, p->activation_min, p->activation_max);
}
#endif
