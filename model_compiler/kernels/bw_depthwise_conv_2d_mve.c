/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D for Helium, filters of up to 4x4.
 *
 * VMLADAVA adds up 16 products, but the products of one output stand far apart in memory. So eight
 * channels at a time are spread into planes in scratch, where a column of four rows is four bytes:
 *
 *     plane of a channel:  column 0: a0 b0 c0 d0, column 1: a1 b1 c1 d1, ...
 *
 * 16 bytes are then all that a filter of up to 4x4 sees, and one load and one VMLADAVA make a sum.
 * An input row is spread once: row i takes byte i % 4 of each column, in place of row i - 4, and the
 * weights exist in four forms, one for each byte that the filter's first row may stand at. Weights
 * of 0 stand where the filter is smaller. Where it is so by a row, two rows of output see the same
 * four rows, and are computed together. Padding is written to the planes, so nothing asks where the
 * image ends.
 *
 * Four channels of a pixel are requantised together. Larger filters, dilation, a depth multiplier
 * and shifts to the left are left to a form that goes from tap to tap. */
#if defined(__GNUC__) && !defined(__clang__)
/* GCC would load more vectors ahead than there are registers. */
#pragma GCC optimize("no-schedule-insns")
#endif
#include "bw_kernels.h"

#if BW_MVE
#include "bw_mve.h"

#define LANES 8    /* channels that are spread together */
#define ROWS 4     /* bytes of a column */
#define COLUMNS 4  /* columns that a vector holds */
#define PITCH_LIMIT (UINT16_MAX / LANES)

/* Eight channels of an image on their way. */
typedef struct {
    int8_t *weights; /* [ROWS][LANES][BW_MVE_BYTES] */
    int8_t *planes;  /* [LANES][pitch] */
    int32_t pitch;
    int32_t lanes; /* channels that there are */
    int32_t bias[LANES];
    int32_t multipliers[LANES];
    int32_t shifts[LANES];
} block_t;

/* Makes the other forms of the weights out of the first: from one to the next, each column's bytes
 * move up by one, the last to the first place. */
static void turn_weights(int8_t *weights)
{
    for (uint32_t left = (ROWS - 1) * LANES; left != 0; left--, weights += BW_MVE_BYTES) {
        const uint32x4_t columns = vreinterpretq_u32_s8(vldrbq_s8(weights));
        const uint32x4_t turned = vsriq_n_u32(vshlq_n_u32(columns, 8), columns, 24);

        vstrbq_s8(weights + LANES * BW_MVE_BYTES, vreinterpretq_s8_u32(turned));
    }
}

/* Reads weights and parameters of the channels from `channel` on, those of others are 0. */
static void read_parameters(const bw_depthwise_conv_2d_t *p, int32_t channel, block_t *block)
{
    const uint16x8_t offsets = vmulq_n_u16(vidupq_n_u16(0, 1), BW_MVE_BYTES);
    const mve_pred16_t there = vctp16q((uint32_t)block->lanes);
    const int8_t *w = p->weights + channel;

    bw_mve_fill(block->weights, 0, LANES * BW_MVE_BYTES);
    for (int32_t y = 0; y < p->y.filter; y++) {
        int8_t *to = block->weights + y;

        for (int32_t left = p->x.filter; left > 0; left--, w += p->input_channels, to += ROWS) {
            vstrbq_scatter_offset_s16(to, offsets, vldrbq_z_s16(w, there));
        }
    }
    turn_weights(block->weights);
    for (int32_t lane = 0; lane < LANES; lane += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)bw_clamp(block->lanes - lane, 0, 4));

        vstrwq_s32(block->bias + lane, vldrwq_z_s32(p->bias + channel + lane, some));
        vstrwq_s32(block->multipliers + lane,
                   vldrwq_z_s32(p->multipliers + channel + lane, some));
        vstrwq_s32(block->shifts + lane, vldrbq_z_s32(p->shifts + channel + lane, some));
    }
}

/* Spreads one row of the image, or of padding. */
static void spread_row(const bw_depthwise_conv_2d_t *p, const int8_t *image, int32_t row,
                       const block_t *block)
{
    const int32_t y = row - p->y.padding;
    const int32_t channels = p->input_channels;
    const int32_t columns = (int32_t)((uint32_t)block->pitch / ROWS);
    const int32_t padding = bw_clamp(p->x.padding, 0, columns);
    const uint16x8_t offsets = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)block->pitch);
    const mve_pred16_t there = vctp16q((uint32_t)block->lanes);
    int8_t *to = block->planes + (row & (ROWS - 1));
    int32_t left = columns;

    if (y < 0 || y >= p->y.input) {
        const int16x8_t value = vdupq_n_s16((int16_t)p->input_zero_point);

        for (; left > 0; left--, to += ROWS) {
            vstrbq_scatter_offset_s16(to, offsets, value);
        }
        return;
    }
    to += padding * ROWS;
    image += y * p->x.input * channels;
    left = bw_clamp(columns - padding, 0, p->x.input);
    if (block->lanes == LANES) {
        for (; left > 0; left--, image += channels, to += ROWS) {
            vstrbq_scatter_offset_s16(to, offsets, vldrbq_s16(image));
        }
    }
    for (; left > 0; left--, image += channels, to += ROWS) {
        vstrbq_scatter_offset_s16(to, offsets, vldrbq_z_s16(image, there));
    }
}

/* Computes `rows` rows of output, which see input rows from `row` on, in four channels, of which
 * those are computed that are there. stride is in bytes; `whole`, that all four are there, is a
 * constant where this is inlined, and so is stride. */
BW_MVE_INLINE void four_channels(const bw_depthwise_conv_2d_t *p, const block_t *block,
                                 int32_t lane, int32_t row, int32_t rows, int32_t stride, int whole,
                                 int8_t *output)
{
    const int32x4_t multiplier = vldrwq_s32(block->multipliers + lane);
    const int32x4_t shift = vldrwq_s32(block->shifts + lane);
    const int32_t *bias = block->bias + lane;
    const int32_t channels = p->input_channels;
    const int32_t away = p->activation_min < p->output_offset;
    const int32_t offset = p->output_offset;
    const mve_pred16_t there = vctp32q((uint32_t)(block->lanes - lane));
    int32x4_t sums = vdupq_n_s32(0);

    BW_MVE_FORGET(bias);
    for (; rows > 0; rows--, row += p->y.stride) {
        const int32_t form = row & (ROWS - 1);
        const int8_t *const weights = block->weights + (form * LANES + lane) * BW_MVE_BYTES;
        const int8x16_t w0 = vldrbq_s8(weights);
        const int8x16_t w1 = vldrbq_s8(weights + BW_MVE_BYTES);
        const int8x16_t w2 = vldrbq_s8(weights + 2 * BW_MVE_BYTES);
        const int8x16_t w3 = vldrbq_s8(weights + 3 * BW_MVE_BYTES);
        const int8_t *x0 = block->planes + lane * block->pitch;
        const int8_t *x1 = x0 + block->pitch;
        const int8_t *x2 = x1 + block->pitch;
        const int8_t *x3 = x2 + block->pitch;
        uint32_t left = (uint32_t)p->x.output;

        do {
            sums = vsetq_lane_s32(vmladavq_s8(vldrbq_s8(x0), w0), sums, 0);
            sums = vsetq_lane_s32(vmladavq_s8(vldrbq_s8(x1), w1), sums, 1);
            sums = vsetq_lane_s32(vmladavq_s8(vldrbq_s8(x2), w2), sums, 2);
            sums = vsetq_lane_s32(vmladavq_s8(vldrbq_s8(x3), w3), sums, 3);
            x0 += stride;
            x1 += stride;
            x2 += stride;
            x3 += stride;
            sums = vaddq_s32(sums, vldrwq_s32(bias));
            sums = bw_mve_requantize_simple(sums, multiplier, shift, away);
            sums = bw_mve_saturate(vaddq_n_s32(sums, offset));
            if (whole) {
                vstrbq_s32(output, sums);
            } else {
                vstrbq_p_s32(output, sums, there);
            }
            output += channels;
        } while (--left != 0);
    }
}

typedef void four_channels_t(const bw_depthwise_conv_2d_t *p, const block_t *block, int32_t lane,
                             int32_t row, int32_t rows, int8_t *output);

/* Functions of their own, so that each has all registers to itself. */
#define FOUR_CHANNELS(name, stride, whole)                                                     \
    static void name(const bw_depthwise_conv_2d_t *p, const block_t *block, int32_t lane,      \
                     int32_t row, int32_t rows, int8_t *output)                                \
    {                                                                                          \
        four_channels(p, block, lane, row, rows, (stride) * ROWS, whole, output);              \
    }

FOUR_CHANNELS(four_by_one, 1, 1)
FOUR_CHANNELS(four_by_two, 2, 1)
FOUR_CHANNELS(up_to_four, p->x.stride, 0)

/* Computes some rows of output in all channels of a block. */
static void output_rows(const bw_depthwise_conv_2d_t *p, const block_t *block, int32_t row,
                        int32_t rows, int8_t *output)
{
    static four_channels_t *const by_stride[] = {up_to_four, four_by_one, four_by_two};
    four_channels_t *const whole = by_stride[p->x.stride <= 2 ? p->x.stride : 0];

    for (int32_t lane = 0; lane < block->lanes; lane += 4, output += 4) {
        (lane + 4 <= block->lanes ? whole : up_to_four)(p, block, lane, row, rows, output);
    }
}

/* Computes eight channels of an image, or those that are left from `channel` on. What the planes
 * hold beside the image's columns is padding, and stays so. */
static void eight_channels(const bw_depthwise_conv_2d_t *p, const int8_t *image, int32_t channel,
                           block_t *block, int8_t *output)
{
    const int32_t together = (ROWS - p->y.filter) / p->y.stride + 1;
    const int32_t size = p->x.output * p->input_channels;
    int32_t spread = 0;

    block->lanes = bw_clamp(p->input_channels - channel, 0, LANES);
    read_parameters(p, channel, block);
    output += channel;
    for (int32_t y = 0; y < p->y.output; y += together, output += together * size) {
        const int32_t row = y * p->y.stride;
        const int32_t rows = bw_clamp(p->y.output - y, 1, together);
        const int32_t end = row + (rows - 1) * p->y.stride + p->y.filter;

        for (spread = spread < row ? row : spread; spread < end; spread++) {
            spread_row(p, image + channel, spread, block);
        }
        output_rows(p, block, row, rows, output);
    }
}

/* Sets taps to the pixels that one output pixel sees; those outside of the image are `padding`. */
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

/* Computes all channels of one pixel, four at a time, from tap to tap. */
static void one_pixel(const bw_depthwise_conv_2d_t *p, const int8_t *const *taps, int8_t *output)
{
    const int32_t channels = p->input_channels * p->depth_multiplier;

    for (int32_t channel = 0; channel < channels; channel += 4) {
        const mve_pred16_t there = vctp32q((uint32_t)(channels - channel));
        const int8_t *w = p->weights + channel;
        int32x4_t sum = vldrwq_z_s32(p->bias + channel, there);
        uint32_t sources[4];

        for (int32_t lane = 0; lane < 4; lane++) {
            sources[lane] = (uint32_t)((channel + lane) / p->depth_multiplier);
        }
        const uint32x4_t source = vldrwq_u32(sources);

        for (int32_t tap = 0; tap < p->y.filter * p->x.filter; tap++, w += channels) {
            const int32x4_t x = vldrbq_gather_offset_z_s32(taps[tap], source, there);

            sum = vaddq_s32(sum, vmulq_s32(x, vldrbq_z_s32(w, there)));
        }
        sum = bw_mve_requantize(sum, vldrwq_z_s32(p->multipliers + channel, there),
                                vldrbq_z_s32(p->shifts + channel, there));
        vstrbq_p_s32(output + channel, bw_mve_saturate(vaddq_n_s32(sum, p->output_offset)), there);
    }
}

/* Computes an image from tap to tap; scratch as for plain C. */
static void tap_by_tap(const bw_depthwise_conv_2d_t *p, const int8_t *image, int8_t *scratch,
                       int8_t *output)
{
    const int8_t *const padding = scratch;
    const int8_t **const taps = (const int8_t **)(void *)(scratch +
                                                          (p->input_channels + 7) / 8 * 8);

    bw_mve_fill(scratch, p->input_zero_point, p->input_channels);
    for (int32_t y = 0; y < p->y.output; y++) {
        for (int32_t x = 0; x < p->x.output; x++) {
            find_taps(p, image, padding, y, x, taps);
            one_pixel(p, taps, output);
            output += p->input_channels * p->depth_multiplier;
        }
    }
}

void bw_depthwise_conv_2d(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *output,
                          int8_t *scratch)
{
    const int32_t channels = p->input_channels * p->depth_multiplier;
    const int32_t size = p->y.output * p->x.output * channels;
    const int32_t away = p->activation_min < p->output_offset;
    const int32_t columns = (p->x.output - 1) * p->x.stride + COLUMNS;
    const int small = p->y.filter <= ROWS && p->x.filter <= COLUMNS && p->y.dilation == 1 &&
                      p->x.dilation == 1 && columns <= PITCH_LIMIT / ROWS;
    const int spread = small && p->depth_multiplier == 1 &&
                       bw_mve_greatest(p->shifts, channels) <= -away;
    block_t block = {
        .weights = scratch,
        .planes = scratch + ROWS * LANES * BW_MVE_BYTES,
        .pitch = columns * ROWS,
    };

    if (spread) {
        bw_mve_fill(block.planes, p->input_zero_point, LANES * block.pitch);
    }
    for (int32_t batch = 0; batch < p->batches; batch++) {
        if (spread) {
            for (int32_t channel = 0; channel < channels; channel += LANES) {
                eight_channels(p, input, channel, &block, output);
            }
        } else {
            tap_by_tap(p, input, scratch, output);
        }
        bw_mve_clamp(output, size, p->activation_min, p->activation_max);
        input += p->y.input * p->x.input * p->input_channels;
        output += size;
    }
}
#endif
