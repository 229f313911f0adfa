/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic that kernels share, equal to TensorFlow Lite Micro bit for bit.
 *
 * Right shifts of negative numbers are arithmetic, as in every compiler that this code is built
 * with.
 */
#ifndef BW_ARITHMETIC_H
#define BW_ARITHMETIC_H

#include <stdint.h>

/* Returns value * multiplier / 2^31, rounded to nearest, ties upwards. Not both are INT32_MIN.
 *
 * This is gemmlowp's SaturatingRoundingDoublingHighMul: its truncation of (product + nudge) with a
 * nudge that depends on the sign equals one floor; it saturates only where both factors are
 * INT32_MIN. */
static inline int32_t bw_multiply_high(int32_t value, int32_t multiplier)
{
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << 30)) >> 31);
}

/* Returns what bw_multiply_high does, in one instruction where the core has it. value is -2^30 to
 * 2^30 - 1. */
static inline int32_t bw_multiply_high_small(int32_t value, int32_t multiplier)
{
    const int32_t doubled = value * 2;
#if defined(__ARM_FEATURE_DSP) && defined(__arm__)
    int32_t result;

    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(doubled), "r"(multiplier));
    return result;
#else
    return (int32_t)(((int64_t)doubled * multiplier + ((int64_t)1 << 31)) >> 32);
#endif
}

/* Returns value / 2^exponent, rounded to nearest, ties away from zero. exponent is 0 to 31, value
 * not INT32_MIN.
 *
 * Half a step is added after all bits but one have been shifted out, where it cannot overflow. */
static inline int32_t bw_divide_by_power_of_two(int32_t value, int32_t exponent)
{
    if (exponent == 0) {
        return value;
    }
    return (((value - (value < 0)) >> (exponent - 1)) + 1) >> 1;
}

/* Returns value * multiplier * 2^(shift - 31) with TFLM's double rounding. shift is -31 to 30.
 *
 * The compiler refuses models in which value << shift could overflow. */
static inline int32_t bw_requantize(int32_t value, int32_t multiplier, int32_t shift)
{
    if (shift >= 0) {
        return bw_multiply_high((int32_t)((uint32_t)value << shift), multiplier);
    }
    return bw_divide_by_power_of_two(bw_multiply_high(value, multiplier), -shift);
}

static inline int32_t bw_clamp(int32_t value, int32_t least, int32_t greatest)
{
    if (value < least) {
        return least;
    }
    return value > greatest ? greatest : value;
}

#endif
