/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels for the M-profile vector extension (Helium) share. A vector is 16 bytes.
 *
 * Multiplying: VMLADAVA multiplies 16 int8 by 16 int8 and adds all products to one scalar register.
 * What is left of a row behind its last whole vector is loaded under a predicate, so that no kernel
 * reads a byte outside of its tensors.
 *
 * Requantising: four sums at a time. VQRDMULH is the first of the two roundings, VRSHL by a negative
 * number the second, except that it rounds ties upwards where they must go away from zero. So 1 is
 * taken from negative values first; VQDMLAH(h, h, 1) = h + floor(2 * h / 2^32) does just that. Where
 * the activation cuts off all that is negative, ties of negative values do not matter.
 *
 * Cutting: VQSHL by 24 saturates to int8, which is all that most layers need. Tighter activations
 * are cut afterwards, in the finished output.
 */
#ifndef BW_MVE_H
#define BW_MVE_H

#include <arm_mve.h>
#include <stdint.h>

#include "bw_arithmetic.h"

/* The bytes that one vector holds. */
#define BW_MVE_BYTES 16

/* Has GCC forget how a pointer came about: it would keep one address register for each of several
 * vectors that follow one another, where one register that moves on does. */
#if defined(__GNUC__)
#define BW_MVE_FORGET(pointer) __asm__("" : "+r"(pointer))
#else
#define BW_MVE_FORGET(pointer)
#endif

/* Functions of which each call is a kernel of its own, by parameters that are constants. */
#if defined(__GNUC__)
#define BW_MVE_INLINE static inline __attribute__((always_inline))
#else
#define BW_MVE_INLINE static inline
#endif

/* How the sums of a layer become its outputs. */
typedef struct {
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t per_channel; /* 0: one multiplier and one shift for all channels */
    int32_t offset;
    int32_t away;   /* 1 where ties of negative values go away from zero, 0 where nobody sees them */
    int32_t simple; /* 1 where no shift goes left, and none is 0 where away is 1 */
} bw_mve_scaling_t;

/* Returns the vector at *x, and moves *x on by some bytes. */
static inline int8x16_t bw_mve_next(const int8_t **x, int32_t bytes)
{
    const int8x16_t value = vldrbq_s8(*x);

    *x += bytes;
    BW_MVE_FORGET(*x);
    return value;
}

/* Copies bytes; the two places do not overlap. */
static inline void bw_mve_copy(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count >= BW_MVE_BYTES; count -= BW_MVE_BYTES) {
        vstrbq_s8(to, vldrbq_s8(from));
        to += BW_MVE_BYTES;
        from += BW_MVE_BYTES;
    }
    if (count > 0) {
        const mve_pred16_t some = vctp8q((uint32_t)count);

        vstrbq_p_s8(to, vldrbq_z_s8(from, some), some);
    }
}

/* Sets bytes to a value. */
static inline void bw_mve_fill(int8_t *to, int32_t value, int32_t count)
{
    for (; count > 0; count -= BW_MVE_BYTES, to += BW_MVE_BYTES) {
        vstrbq_p_s8(to, vdupq_n_s8((int8_t)value), vctp8q((uint32_t)count));
    }
}

/* Returns the predicate for the bytes of a vector from `first` to before `end`, which is not less. */
static inline mve_pred16_t bw_mve_between(int32_t first, int32_t end)
{
    const uint32_t below = vctp8q((uint32_t)bw_clamp(first, 0, BW_MVE_BYTES));

    return (mve_pred16_t)(vctp8q((uint32_t)bw_clamp(end, 0, BW_MVE_BYTES)) & ~below);
}

/* Returns the greatest of some shifts. */
static inline int32_t bw_mve_greatest(const int8_t *shifts, int32_t count)
{
    int8_t greatest = INT8_MIN;

    for (; count > 0; count -= BW_MVE_BYTES, shifts += BW_MVE_BYTES) {
        const mve_pred16_t some = vctp8q((uint32_t)count);

        greatest = vmaxvq_p_s8(greatest, vldrbq_z_s8(shifts, some), some);
    }
    return greatest;
}

/* Returns sum * multiplier * 2^(shift - 31), rounded twice, where `simple` holds. */
static inline int32x4_t bw_mve_requantize_simple(int32x4_t sum, int32x4_t multiplier,
                                                 int32x4_t shift, int32_t away)
{
    const int32x4_t high = vqrdmulhq_s32(sum, multiplier);

    return vrshlq_s32(vqdmlahq_n_s32(high, high, away), shift);
}

/* Returns the same for any shifts. */
static inline int32x4_t bw_mve_requantize(int32x4_t sum, int32x4_t multiplier, int32x4_t shift)
{
    const int32x4_t zero = vdupq_n_s32(0);
    const int32x4_t right = vminq_s32(shift, zero);
    const int32x4_t raised = vshlq_s32(sum, vmaxq_s32(shift, zero));
    const int32x4_t high = vqrdmulhq_s32(raised, multiplier);
    const int32x4_t away = vshrq_n_s32(vandq_s32(high, right), 31);

    return vrshlq_s32(vaddq_s32(high, away), right);
}

/* Returns values cut to int8. */
static inline int32x4_t bw_mve_saturate(int32x4_t value)
{
    return vshrq_n_s32(vqshlq_n_s32(value, 24), 24);
}

/* Returns one output, not yet cut to the activation's range. */
static inline int8_t bw_mve_scale_one(const bw_mve_scaling_t *s, int32_t sum, int32_t channel)
{
    const int32_t entry = s->per_channel ? channel : 0;
    const int32_t value = bw_requantize(sum + s->bias[channel], s->multipliers[entry],
                                        s->shifts[entry]);

    return (int8_t)bw_clamp(value + s->offset, INT8_MIN, INT8_MAX);
}

/* Cuts a finished output to the activation's range, where that is narrower than int8. */
static inline void bw_mve_clamp(int8_t *output, int32_t count, int32_t least, int32_t greatest)
{
    if (least == INT8_MIN && greatest == INT8_MAX) {
        return;
    }
    for (; count > 0; count -= BW_MVE_BYTES, output += BW_MVE_BYTES) {
        const mve_pred16_t some = vctp8q((uint32_t)count);
        const int8x16_t raised = vmaxq_s8(vldrbq_z_s8(output, some), vdupq_n_s8((int8_t)least));

        vstrbq_p_s8(output, vminq_s8(raised, vdupq_n_s8((int8_t)greatest)), some);
    }
}

/* Returns the sum of the products of two rows. */
static inline int32_t bw_mve_one_by_one(const int8_t *x, const int8_t *w, int32_t size)
{
    int32_t sum = 0;

    for (; size > 0; size -= BW_MVE_BYTES) {
        const mve_pred16_t some = vctp8q((uint32_t)size);

        sum = vmladavaq_s8(sum, vldrbq_z_s8(x, some), vldrbq_z_s8(w, some));
        x += BW_MVE_BYTES;
        w += BW_MVE_BYTES;
    }
    return sum;
}

/* Sets sums to those of the products of row x and four rows of weights that follow one another. */
BW_MVE_INLINE void bw_mve_one_by_four(const int8_t *x, const int8_t *weights, int32_t size,
                                      int32_t *sums)
{
    const int8_t *w0 = weights;
    const int8_t *w1 = w0 + size;
    const int8_t *w2 = w1 + size;
    const int8_t *w3 = w2 + size;
    const uint32_t rest = (uint32_t)size % BW_MVE_BYTES;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;

    for (uint32_t left = (uint32_t)size / BW_MVE_BYTES; left != 0; left--) {
        const int8x16_t value = vldrbq_s8(x);

        sum0 = vmladavaq_s8(sum0, value, vldrbq_s8(w0));
        sum1 = vmladavaq_s8(sum1, value, vldrbq_s8(w1));
        sum2 = vmladavaq_s8(sum2, value, vldrbq_s8(w2));
        sum3 = vmladavaq_s8(sum3, value, vldrbq_s8(w3));
        x += BW_MVE_BYTES;
        w0 += BW_MVE_BYTES;
        w1 += BW_MVE_BYTES;
        w2 += BW_MVE_BYTES;
        w3 += BW_MVE_BYTES;
    }
    if (rest != 0) {
        const mve_pred16_t some = vctp8q(rest);
        const int8x16_t value = vldrbq_z_s8(x, some);

        sum0 = vmladavaq_s8(sum0, value, vldrbq_z_s8(w0, some));
        sum1 = vmladavaq_s8(sum1, value, vldrbq_z_s8(w1, some));
        sum2 = vmladavaq_s8(sum2, value, vldrbq_z_s8(w2, some));
        sum3 = vmladavaq_s8(sum3, value, vldrbq_z_s8(w3, some));
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

/* Finishes four channels of one pixel. */
static inline void bw_mve_scale_pixel(const bw_mve_scaling_t *s, const int32_t *sums,
                                      int32x4_t bias, int32x4_t multiplier, int32x4_t shift,
                                      int8_t *output)
{
    const int32x4_t sum = vaddq_s32(vldrwq_s32(sums), bias);
    const int32x4_t value = s->simple ? bw_mve_requantize_simple(sum, multiplier, shift, s->away)
                                      : bw_mve_requantize(sum, multiplier, shift);

    vstrbq_s32(output, bw_mve_saturate(vaddq_n_s32(value, s->offset)));
}

/* Finishes four channels of one pixel or of three, whose sums come in fours; output points to the
 * first channel of the first pixel, `pitch` is the distance of pixels. */
BW_MVE_INLINE void bw_mve_scale_four(const bw_mve_scaling_t *s, int32_t channel,
                                     const int32_t *sums, int32_t pixels, int8_t *output,
                                     int32_t pitch)
{
    const int32x4_t bias = vldrwq_s32(s->bias + channel);
    const int32x4_t multiplier = s->per_channel ? vldrwq_s32(s->multipliers + channel)
                                                : vdupq_n_s32(s->multipliers[0]);
    const int32x4_t shift = s->per_channel ? vldrbq_s32(s->shifts + channel)
                                           : vdupq_n_s32(s->shifts[0]);

    bw_mve_scale_pixel(s, sums, bias, multiplier, shift, output);
    if (pixels == 3) {
        bw_mve_scale_pixel(s, sums + 4, bias, multiplier, shift, output + pitch);
        bw_mve_scale_pixel(s, sums + 8, bias, multiplier, shift, output + 2 * pitch);
    }
}

/* Computes the outputs of one row of x from `channel` on: weights has `channels` rows of `size`
 * bytes. */
BW_MVE_INLINE void bw_mve_one_row(const bw_mve_scaling_t *s, const int8_t *x,
                                  const int8_t *weights, int32_t size, int32_t channel,
                                  int32_t channels, int8_t *output)
{
    weights += channel * size;
    for (; channel + 4 <= channels; channel += 4, weights += 4 * size) {
        int32_t sums[4];

        bw_mve_one_by_four(x, weights, size, sums);
        bw_mve_scale_four(s, channel, sums, 1, output + channel, channels);
    }
    for (; channel < channels; channel++, weights += size) {
        output[channel] = bw_mve_scale_one(s, bw_mve_one_by_one(x, weights, size), channel);
    }
}

#endif
