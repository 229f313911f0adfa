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

/* Copies `count` bytes of each of four pixels, `step` bytes apart, to where they are `apart`. Up to
 * three bytes more are read and written, so that all of it is whole words. */
static void copy_four(const int8_t *from, int32_t step, int32_t count, int8_t *to, int32_t apart)
{
    const int8_t *const end = from + count;

    for (; from < end; from += 4, to += 4) {
        bw_store_4(to, bw_load_4(from));
        bw_store_4(to + apart, bw_load_4(from + step));
        bw_store_4(to + 2 * apart, bw_load_4(from + 2 * step));
        bw_store_4(to + 3 * apart, bw_load_4(from + 3 * step));
    }
}

/* Returns the bytes of `columns` columns from x on in a row of the input, and three bytes more: in the
 * image itself where they lie within it, else copied to `strip` with padding as the input's zero
 * point. row is NULL where all is padding, `left` is how many bytes the image has from it on. */
static const int8_t *find_columns(const bw_conv_2d_narrow_t *p, const int8_t *row, int32_t left,
                                  int32_t x, int32_t columns, int8_t *strip)
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
    if (x >= 0 && end <= p->x.input && end * channels + 3 * p->gathered <= left) {
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
    const int32_t row_size = p->x.input * channels;
    const int32_t apart = 4 * p->quads + 4;
    int8_t *const gathered = strip + p->strip;
    int8_t *to = gathered;
    int32_t y = out_y * p->y.stride - p->y.padding;

    for (int32_t k = 0; k < p->y.filter; k++, y += p->y.dilation) {
        const int8_t *const row = y >= 0 && y < p->y.input ? image + y * row_size : NULL;
        const int8_t *from = find_columns(p, row, (p->y.input - y) * row_size, x, columns, strip);

        for (int32_t i = 0; i < runs; i++, from += p->x.dilation * channels) {
            if (!p->gathered) {
                patch = expand(from, step, run, pixels, lanes, patch);
                continue;
            }
            if (pixels == PIXELS) {
                copy_four(from, step, run, to, apart);
            } else {
                copy(from, run, to);
            }
            to += run;
        }
    }
    if (p->gathered) {
        expand(gathered, apart, 4 * p->quads, pixels, lanes, patch);
    }
}

static inline int8_t finish(int32_t sum, const bw_channel_t *c)
{
    return bw_finish_narrow(sum, c->multiplier, c->addend, c->shift);
}

#if defined(__GNUC__) && !defined(__clang__) && defined(__arm__) && defined(__OPTIMIZE__)

/* Computes all channels of four pixels; what that means says the C for other compilers, below.
 *
 * It keeps eight sums, two pointers, and four words of weights and inputs, which takes all 14
 * registers; compilers do not find this allotment and spend a third more on moving things about. */

#define LOAD_PAIR(FIRST, SECOND, FROM) "ldrd %[" FIRST "], %[" SECOND "], [%[" FROM "]], #8\n\t"
#define ADD_PRODUCT(SUM, W, X) "smlad %[" SUM "], %[" W "], %[" X "], %[" SUM "]\n\t"

/* There is no register left for a frame pointer. GCC forgets that it may do without one unless the
 * target is said anew, too; "general-regs-only" is true of this function. */
#define FRAMELESS \
    __attribute__((noinline, optimize("omit-frame-pointer"), target("general-regs-only")))

/* Inputs of four pixels times the weights of two channels, a and b. */
#define ADD_PRODUCTS                                                    \
    LOAD_PAIR("c", "d", "x")                                            \
    ADD_PRODUCT("s00", "a", "c") ADD_PRODUCT("s10", "b", "c")           \
    ADD_PRODUCT("s01", "a", "d") ADD_PRODUCT("s11", "b", "d")           \
    LOAD_PAIR("c", "d", "x")                                            \
    ADD_PRODUCT("s02", "a", "c") ADD_PRODUCT("s12", "b", "c")           \
    ADD_PRODUCT("s03", "a", "d") ADD_PRODUCT("s13", "b", "d")

#define ADD_QUAD                                                        \
    LOAD_PAIR("a", "b", "w")                                            \
    ADD_PRODUCTS                                                        \
    "sxtb16 %[a], %[a]\n\t"                                             \
    "sxtb16 %[b], %[b]\n\t"                                             \
    ADD_PRODUCTS

#define QUAD_CODE_BYTES 92
#define TEXT(X) TEXT_OF(X)
#define TEXT_OF(X) #X

/* From a sum to an output: a is the multiplier, b the addend, c the shift. */
#define FINISH(SUM)                                                     \
    "asr %[d], %[" SUM "], #7\n\t"                                      \
    "add %[" SUM "], %[b], %[" SUM "], asr #31\n\t"                     \
    "smmlar %[" SUM "], %[d], %[a], %[" SUM "]\n\t"                     \
    "asr %[" SUM "], %[" SUM "], %[c]\n\t"                              \
    "ssat %[" SUM "], #8, %[" SUM "]\n\t"

#define STORE(SUM0, SUM1)                                               \
    "strb %[" SUM1 "], [%[x], %[b]]\n\t"                                \
    "strb %[" SUM0 "], [%[x]]\n\t"

#define COPY(TO, FROM) "mov %[" TO "], %[" FROM "]\n\t"

FRAMELESS static void four_pixels(const bw_conv_2d_narrow_t *p, const int32_t *patch, int8_t *output)
{
    const int32_t *w = p->weights;
    const int32_t *const end = patch + 2 * PIXELS * p->quads;
    const int32_t skipped = (4 - p->quads % 4) % 4 * QUAD_CODE_BYTES;
    const int32_t stride = p->output_channels;
    const bw_channel_t *channels = p->channels;
    const bw_channel_t *channels_end = channels + stride / 2 * 2;
    int32_t second = 1; /* from the first channel's output to the second's */
    int32_t s00, s01, s02, s03, s10, s11, s12, s13, x, a, b, c, d;

    if (stride == 1) {
        channels_end = channels + 2;
        second = 0;
    }
    for (;;) {
        __asm__ volatile(
            "ldr %[x], %[channels]\n"
            /* Two channels: the sums start from the bias. */
            "1:\n\t"
            "ldr %[s00], [%[x]]\n\t"
            "ldr %[s10], [%[x], #16]\n\t"
            COPY("s01", "s00") COPY("s02", "s00") COPY("s03", "s00")
            COPY("s11", "s10") COPY("s12", "s10") COPY("s13", "s10")
            "ldr %[x], %[patch]\n\t"
            /* A turn takes four quads; the first one begins behind those that are too many. */
            "ldr %[a], %[skipped]\n\t"
            "add pc, %[a]\n\t"
            "nop\n"
            "2:\n\t" ADD_QUAD
            "3:\n\t" ADD_QUAD ADD_QUAD ADD_QUAD
            ".if 3b - 2b - " TEXT(QUAD_CODE_BYTES) "\n\t"
            ".error \"the code of a quad has another size\"\n\t"
            ".endif\n\t"
            "ldr %[a], %[end]\n\t"
            "cmp %[x], %[a]\n\t"
            "bne 2b\n\t"
            /* The outputs. */
            "ldr %[x], %[channels]\n\t"
            "ldrd %[a], %[b], [%[x], #4]\n\t"
            "ldr %[c], [%[x], #12]\n\t"
            FINISH("s00") FINISH("s01") FINISH("s02") FINISH("s03")
            "ldrd %[a], %[b], [%[x], #20]\n\t"
            "ldr %[c], [%[x], #28]\n\t"
            FINISH("s10") FINISH("s11") FINISH("s12") FINISH("s13")
            "adds %[c], %[x], #32\n\t"
            "str %[c], %[channels]\n\t"
            "ldr %[x], %[output]\n\t"
            "adds %[a], %[x], #2\n\t"
            "str %[a], %[output]\n\t"
            "ldr %[a], %[stride]\n\t"
            "ldr %[b], %[second]\n\t"
            STORE("s00", "s10")
            "add %[x], %[a]\n\t"
            STORE("s01", "s11")
            "add %[x], %[a]\n\t"
            STORE("s02", "s12")
            "add %[x], %[a]\n\t"
            STORE("s03", "s13")
            "mov %[x], %[c]\n\t"
            "ldr %[a], %[channels_end]\n\t"
            "cmp %[x], %[a]\n\t"
            "bne 1b"
            : [s00] "=&r"(s00), [s01] "=&r"(s01), [s02] "=&r"(s02), [s03] "=&r"(s03),
              [s10] "=&r"(s10), [s11] "=&r"(s11), [s12] "=&r"(s12), [s13] "=&r"(s13),
              [w] "+r"(w), [x] "=&r"(x), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d),
              [channels] "+m"(channels), [output] "+m"(output)
            : [patch] "m"(patch), [end] "m"(end), [skipped] "m"(skipped), [stride] "m"(stride),
              [second] "m"(second), [channels_end] "m"(channels_end)
            : "cc", "memory");
        if (stride % 2 == 0 || second == 0) {
            return;
        }
        channels_end += 2; /* the last one of an odd number, alone */
        second = 0;
    }
}
#else

static void four_pixels(const bw_conv_2d_narrow_t *p, const int32_t *patch, int8_t *output)
{
    const bw_channel_t *channel = p->channels;
    const int32_t *weights = p->weights;
    const int32_t count = p->output_channels;

    for (int32_t done = 0; done < count; done++, channel++) {
        const int32_t *const w = weights + done / 2 * 2 * p->quads + done % 2;

        for (int32_t pixel = 0; pixel < PIXELS; pixel++) {
            const int32_t *x = patch + pixel;
            int32_t sum = channel->bias;

            for (int32_t quad = 0; quad < p->quads; quad++, x += 2 * PIXELS) {
                sum = __smlad(w[2 * quad], x[0], sum);
                sum = __smlad(bw_even_bytes((uint32_t)w[2 * quad]), x[PIXELS], sum);
            }
            output[pixel * count + done] = finish(sum, channel);
        }
    }
}
#endif

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
        *output++ = finish(s0, c++);
        if (output == output_end) {
            break;
        }
        *output++ = finish(s1, c++);
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
