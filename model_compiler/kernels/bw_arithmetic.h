/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic that kernels share, equal to TensorFlow Lite Micro bit for bit.
 *
 * Right shifts of negative numbers are arithmetic, as in every compiler that this code is built
 * with.
 */
#ifndef BW_ARITHMETIC_H
#define BW_ARITHMETIC_H

#include <stdint.h>

/* Whether the product of two words takes a call of a library: Cortex-M0, M0+, M23. */
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1
#define BW_SHORT_PRODUCTS 1
#else
#define BW_SHORT_PRODUCTS 0
#endif

/* Returns value * multiplier / 2^31, rounded to nearest, ties upwards. Not both are below
 * -2^31 + 2^16.
 *
 * This is gemmlowp's SaturatingRoundingDoublingHighMul: its truncation of (product + nudge) with a
 * nudge that depends on the sign equals one floor; it saturates only where both factors are
 * INT32_MIN.
 *
 * Of short products it takes four, of halves, and drops as many bits of the lower ones before it adds
 * them: a floor of a floor is the floor of the whole. */
static inline int32_t bw_multiply_high(int32_t value, int32_t multiplier)
{
#if BW_SHORT_PRODUCTS
    const int32_t high = value >> 16;
    const uint32_t low = (uint32_t)value & 0xffff;
    const int32_t m_high = multiplier >> 16;
    const uint32_t m_low = (uint32_t)multiplier & 0xffff;
    const int32_t middle = high * (int32_t)m_low + (int32_t)(low * m_low >> 16);
    const int32_t other = (int32_t)low * m_high;
    const int32_t rest = (middle & 0x7fff) + (other & 0x7fff) + 0x4000;

    return high * m_high * 2 + (middle >> 15) + (other >> 15) + (rest >> 15);
#else
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << 30)) >> 31);
#endif
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

/* Cuts outputs to the range of a fused activation, which mostly is that of int8. */
static inline void bw_cut(int8_t *output, int32_t count, int32_t least, int32_t greatest)
{
    if (least > INT8_MIN || greatest < INT8_MAX) {
        for (const int8_t *const end = output + count; output < end; output++) {
            *output = (int8_t)bw_clamp(*output, least, greatest);
        }
    }
}

#endif
