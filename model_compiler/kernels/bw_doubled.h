/* SPDX-License-Identifier: Apache-2.0 */
/* From doubled sums to outputs.
 *
 * TensorFlow Lite Micro multiplies a sum by a fraction of 31 bits and rounds, then divides by a
 * power of two and rounds again, ties away from zero. The sum of all roundings can be added before
 * the shift, since a floor of a floor is the floor of the whole:
 *
 *     ((2 * sum * multiplier + 2^31) / 2^32 + half a step - (sum < 0)) >> right_shift
 *
 * With the zero point added in the same place, and the sum doubled by whoever adds it up, that is
 * one multiplication that keeps the upper half, one addition and one shift. right_shift is 1 or
 * more: nothing is rounded away from zero where nothing is shifted. */
#ifndef BW_DOUBLED_H
#define BW_DOUBLED_H

#include <stdint.h>

#include "bw_arithmetic.h"
#include "bw_dsp.h"
#include "bw_kernels.h"

/* Returns what is added before the shift: half a step and the zero point. */
static inline int32_t bw_rounding(int32_t zero_point, int32_t right_shift)
{
    return (2 * zero_point + 1) * (1 << (right_shift - 1));
}

#if !BW_DSP
/* Returns value * multiplier / 2^32, rounded to nearest, ties upwards. value is even. */
static inline int32_t bw_product_high(int32_t value, int32_t multiplier)
{
#if BW_SHORT_PRODUCTS
    return bw_multiply_high(value >> 1, multiplier);
#else
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << 31)) >> 32);
#endif
}
#endif

/* Returns the output of a doubled sum, cut to int8. */
static inline int8_t bw_finish(int32_t sum, int32_t multiplier, int32_t rounding,
                               int32_t right_shift)
{
    const int32_t addend = rounding + (sum >> 31);

#if BW_DSP
    return bw_saturate(bw_add_product_high(addend, sum, multiplier) >> right_shift);
#else
    const int32_t value = (addend + bw_product_high(sum, multiplier)) >> right_shift;

#if defined(__ARM_FEATURE_SAT) && __ARM_ARCH_ISA_THUMB == 2 && defined(__GNUC__)
    int32_t result;

    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return (int8_t)result;
#else
    return (int8_t)bw_clamp(value, INT8_MIN, INT8_MAX);
#endif
#endif
}

#endif
