/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of compiled models: int8 neural network operators, byte-exact with TensorFlow Lite Micro.
 *
 * Common to all of them:
 * - Tensors are dense, in the order batch, height, width, channel; sizes count elements.
 * - The caller owns all memory. A kernel reads its parameters and inputs, writes its output and its
 *   scratch, and keeps nothing. Output and inputs do not overlap unless the kernel says that they
 *   may be equal.
 * - A zero point z stands for the real value 0. "offset" in a name is what is added: the negative
 *   zero point of an input, the zero point of an output.
 * - An accumulator a becomes an output by output_offset + a * multiplier * 2^(shift - 31), rounded
 *   twice as TensorFlow Lite Micro does, and cut to [activation_min, activation_max], which lies
 *   within int8.
 * - Parameters come from the compiler, which has checked them; kernels do not check again.
 */
#ifndef BW_KERNELS_H
#define BW_KERNELS_H

#include <stdint.h>

/* The kernel set, chosen by what the compiler says of the core; exactly one of these is 1. Each has
 * files of its own: bw_x_mve.c, bw_x_dsp.c, and bw_x.c for every other core and for operators of
 * which there is no faster form. All give the same bytes. Define BW_PLAIN_C to have plain C on any
 * core.
 *
 * BW_MVE: M-profile vector extension (Helium): Cortex-M52, M55, M85.
 * BW_DSP: 16-bit SIMD instructions: Cortex-M4, M7, M33, M35P. */
#if !defined(BW_PLAIN_C) && defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define BW_MVE 1
#else
#define BW_MVE 0
#endif
#if !defined(BW_PLAIN_C) && !BW_MVE && defined(__ARM_FEATURE_DSP) && \
    defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_BIG_ENDIAN)
#define BW_DSP 1
#else
#define BW_DSP 0
#endif
#define BW_PLAIN (!BW_MVE && !BW_DSP)

/* One axis of a sliding window: output o covers the inputs o * stride - padding + k * dilation for
 * k = 0 .. filter - 1. Those outside 0 .. input - 1 are padding. */
typedef struct {
    int32_t input;
    int32_t output;
    int32_t filter;
    int32_t stride;
    int32_t dilation;
    int32_t padding;
} bw_axis_t;

/* CONV_2D. Weights are [output_channels][y.filter][x.filter][input_channels].
 *
 * bias holds, for each output channel, the model's bias minus input_zero_point times the sum of the
 * channel's weights; so padding counts as input_zero_point. multipliers and shifts have one entry a
 * channel.
 *
 * scratch: 2 * y.filter * x.filter * input_channels bytes; unused (and NULL allowed) where pointwise
 * is 1: filter 1x1, stride 1, no padding. With Helium: 16 bytes, and as many times y.filter *
 * x.filter * input_channels bytes, filled up to a multiple of 16, as fit into 1296 bytes, three at
 * least, but no more than there are output pixels; unused where pointwise is 1 and input_channels is
 * a multiple of 16, or 8. */
typedef struct {
    int32_t batches;
    int32_t input_channels;
    int32_t output_channels;
    bw_axis_t y;
    bw_axis_t x;
    int32_t pointwise;
    int32_t input_zero_point;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
} bw_conv_2d_t;

void bw_conv_2d(const bw_conv_2d_t *p, const int8_t *input, int8_t *output, int8_t *scratch);

/* CONV_2D whose weights are narrow, -127 to 127 (to be exact: of two neighbours the second may be
 * -128 where the first is not negative), and whose sums lie within 24 bits: what converters make.
 * The DSP extension has a form of its own for it, bw_conv_2d_dsp.c, elsewhere it is bw_conv_2d. */
#if BW_DSP

/* How the sums of one output channel become outputs, from a sum 256 times as great:
 *
 *     (addend - (sum < 0) + (sum / 128 * multiplier / 2^32, rounded)) >> shift
 *
 * cut to int8. addend is the output's zero point times 2^shift, and half a step more. bias is 256
 * times that of bw_conv_2d_t, less 127 times the channel's weights at even places. */
typedef struct {
    int32_t bias;
    int32_t multiplier;
    int32_t addend;
    int32_t shift;
} bw_channel_t;

/* The weights of a channel, filled up with zeros to `quads` quads, are numbered as in bw_conv_2d_t; a
 * quad a b c d is stored as the 16-bit numbers 256 b + a and 256 d + c. A quad of an even channel
 * stands before the same one of the next channel; behind an odd number of channels stands one of
 * zeros. pointwise is 1 where the filter is 1x1, the stride 1, without padding; gathered, where a row
 * of the filter, or with dilation a pixel, is not whole quads. strip is the size in bytes of that part
 * of an input row that four neighbouring outputs see, and three bytes, rounded up to 4.
 *
 * scratch: 32 * quads bytes; where pointwise is 0, strip more; where gathered is 1, 16 * (quads + 1)
 * more. */
typedef struct {
    int32_t batches;
    int32_t input_channels;
    int32_t output_channels;
    bw_axis_t y;
    bw_axis_t x;
    int32_t quads;
    int32_t pointwise;
    int32_t gathered;
    int32_t strip;
    int32_t input_zero_point;
    int32_t activation_min;
    int32_t activation_max;
    const int32_t *weights;
    const bw_channel_t *channels;
} bw_conv_2d_narrow_t;

void bw_conv_2d_narrow(const bw_conv_2d_narrow_t *p, const int8_t *input, int8_t *output,
                       int8_t *scratch);
#else
#define bw_conv_2d_narrow bw_conv_2d
#endif

/* DEPTHWISE_CONV_2D. Weights are [y.filter][x.filter][input_channels * depth_multiplier]; output
 * channel c * depth_multiplier + m reads input channel c. bias as in bw_conv_2d.
 *
 * scratch: input_channels bytes, and behind them at the next multiple of 8, 8 * y.filter * x.filter.
 * With Helium, where no side of the filter is longer than 4, nothing is dilated and depth_multiplier
 * is 1: 32 * (20 + (x.output - 1) * x.stride) bytes at least. */
typedef struct {
    int32_t batches;
    int32_t input_channels;
    int32_t depth_multiplier;
    bw_axis_t y;
    bw_axis_t x;
    int32_t input_zero_point;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
} bw_depthwise_conv_2d_t;

void bw_depthwise_conv_2d(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *output,
                          int8_t *scratch);

/* DEPTHWISE_CONV_2D with a 3x3 filter, horizontal stride 1 or 2, horizontal padding 0 or 1, no
 * dilation, depth_multiplier 1, and sums that are divided by 2 or more: what mobile networks are made
 * of. With MVE it is bw_depthwise_conv_2d.
 *
 * scratch: as for bw_depthwise_conv_2d with MVE; else one channel of the input as the filter sees it, padding and all, two bytes an element, both sizes rounded up to even. output may
 * equal input where both have one size. The form for RELU expects that activation_min is
 * output_offset or more. */
#if BW_MVE
#define bw_depthwise_conv_2d_3x3 bw_depthwise_conv_2d
#else
void bw_depthwise_conv_2d_3x3(const bw_depthwise_conv_2d_t *p, const int8_t *input, int8_t *output,
                              int8_t *scratch);
#endif
#if BW_DSP
void bw_depthwise_conv_2d_3x3_relu(const bw_depthwise_conv_2d_t *p, const int8_t *input,
                                   int8_t *output, int8_t *scratch);
#else
#define bw_depthwise_conv_2d_3x3_relu bw_depthwise_conv_2d_3x3
#endif

/* FULLY_CONNECTED. Weights are [outputs][inputs]; bias as in bw_conv_2d. multipliers and shifts
 * have `outputs` entries where per_channel is 1, else one. */
typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    int32_t per_channel;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
} bw_fully_connected_t;

void bw_fully_connected(const bw_fully_connected_t *p, const int8_t *input, int8_t *output);

/* FULLY_CONNECTED with narrow weights, as in bw_conv_2d_narrow; elsewhere it is bw_fully_connected. */
#if BW_DSP

/* As bw_channel_t, but for the bias. */
typedef struct {
    int32_t multiplier;
    int32_t addend;
    int32_t shift;
} bw_scale_t;

/* Weights are packed as in bw_conv_2d_narrow_t, a quad for each of four outputs; behind the last one
 * stand zeros, and so in bias. scales has as many entries as bias where per_channel is 1, else one.
 *
 * scratch: 8 * quads bytes where expanded is 1. Where it is 0, scratch may be NULL and `inputs` is
 * 4 * quads. */
typedef struct {
    int32_t batches;
    int32_t inputs;
    int32_t outputs;
    int32_t quads;
    int32_t expanded;
    int32_t per_channel;
    int32_t activation_min;
    int32_t activation_max;
    const int32_t *weights;
    const int32_t *bias;
    const bw_scale_t *scales;
} bw_fully_connected_narrow_t;

void bw_fully_connected_narrow(const bw_fully_connected_narrow_t *p, const int8_t *input,
                               int8_t *output, int8_t *scratch);
#else
#define bw_fully_connected_narrow(p, input, output, scratch) bw_fully_connected(p, input, output)
#endif

/* AVERAGE_POOL_2D and MAX_POOL_2D. Padding is left out of the average and of the maximum. Dilation
 * is 1. */
typedef struct {
    int32_t batches;
    int32_t channels;
    bw_axis_t y;
    bw_axis_t x;
    int32_t activation_min;
    int32_t activation_max;
} bw_pool_2d_t;

void bw_average_pool_2d(const bw_pool_2d_t *p, const int8_t *input, int8_t *output);
void bw_max_pool_2d(const bw_pool_2d_t *p, const int8_t *input, int8_t *output);

/* SOFTMAX over the last axis: rows of `depth` values. The output has scale 1/256 and zero point
 * -128. exponentials[d] is exp(-d * beta * scale) in Q0.31 for d = 0 .. entries - 1; greater
 * differences from the row's maximum count as 0. output may equal input. */
typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t entries;
    const int32_t *exponentials;
} bw_softmax_t;

void bw_softmax(const bw_softmax_t *p, const int8_t *input, int8_t *output);

/* Any function of one int8: output[i] = table[input[i] + 128]. output may equal input. */
void bw_lut(const int8_t table[256], const int8_t *input, int8_t *output, int32_t count);

/* ADD and SUB. The output has size[0] x size[1] x size[2] x size[3] elements; an input whose stride
 * along an axis is 0 is repeated along it. coarse is the input with the greater scale: its offset
 * is added, and coarse_factor, 2^19 or -2^19, brings it to twice that scale with 20 more bits. fine
 * is the other one: times 2^20, it is brought there by multiplier and right shift, and multiplied
 * by fine_sign (1 or -1). The sum is brought to the output's scale. Right shifts are 0 to 31. output
 * may equal an input that is repeated along no axis. */
typedef struct {
    int32_t size[4];
    int32_t coarse_stride[4];
    int32_t fine_stride[4];
    int32_t coarse_offset;
    int32_t coarse_factor;
    int32_t fine_offset;
    int32_t fine_multiplier;
    int32_t fine_right_shift;
    int32_t fine_sign;
    int32_t output_multiplier;
    int32_t output_right_shift;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} bw_add_t;

void bw_add(const bw_add_t *p, const int8_t *coarse, const int8_t *fine, int8_t *output);

/* ADD and SUB of two tensors of one shape, size[3] elements in one run, where output_right_shift is 1
 * to 21. output may equal an input. With MVE it is bw_add.
 *
 * scratch: 1024 bytes. */
#if BW_MVE
#define bw_add_equal(p, coarse, fine, output, scratch) bw_add(p, coarse, fine, output)
#else
void bw_add_equal(const bw_add_t *p, const int8_t *coarse, const int8_t *fine, int8_t *output,
                  int8_t *scratch);
#endif

/* MUL. Sizes and strides as in bw_add. output may equal an input that is repeated along no axis. */
typedef struct {
    int32_t size[4];
    int32_t stride1[4];
    int32_t stride2[4];
    int32_t input1_offset;
    int32_t input2_offset;
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} bw_mul_t;

void bw_mul(const bw_mul_t *p, const int8_t *input1, const int8_t *input2, int8_t *output);

/* MEAN. The input has size[0] x ... x size[4] elements, of which axes 1 and 3 are averaged over;
 * sum_offset is the input's offset times size[1] * size[3], and multiplier and shift divide by that
 * number, too. */
typedef struct {
    int32_t size[5];
    int32_t sum_offset;
    int32_t output_offset;
    int32_t multiplier;
    int32_t shift;
} bw_mean_t;

void bw_mean(const bw_mean_t *p, const int8_t *input, int8_t *output);

/* REDUCE_MAX. Sizes as in bw_mean. */
typedef struct {
    int32_t size[5];
} bw_reduce_max_t;

void bw_reduce_max(const bw_reduce_max_t *p, const int8_t *input, int8_t *output);

/* TRANSPOSE, CONCATENATION, SPLIT, STRIDED_SLICE and the inside of PAD: size[0] x ... x size[3]
 * bytes from one grid to another. Strides count bytes and may be negative. */
typedef struct {
    int32_t size[4];
    int32_t input_stride[4];
    int32_t output_stride[4];
} bw_copy_t;

void bw_copy(const bw_copy_t *p, const int8_t *input, int8_t *output);

/* The border of PAD: sets `count` bytes to value. */
void bw_fill(int8_t value, int8_t *output, int32_t count);

/* RESIZE_NEAREST_NEIGHBOR: output row y is a copy of input row rows[y], and so are the columns. */
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t output_height;
    int32_t output_width;
    int32_t channels;
    const int16_t *rows;
    const int16_t *columns;
} bw_resize_nearest_t;

void bw_resize_nearest(const bw_resize_nearest_t *p, const int8_t *input, int8_t *output);

/* QUANTIZE of float32: round_half_away(input / scale) + zero_point, cut to int8. NaN becomes the
 * least. */
void bw_quantize(float scale, int32_t zero_point, const float *input, int8_t *output,
                 int32_t count);

/* DEQUANTIZE: (input - zero_point) * scale. */
void bw_dequantize(float scale, int32_t zero_point, const int8_t *input, float *output,
                   int32_t count);

#endif
