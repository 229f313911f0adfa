/* SPDX-License-Identifier: Apache-2.0 */
/* The DSP extension of Cortex-M4, M7, M33 and M35P: two 16-bit numbers in a word.
 *
 * Kernels for it use the intrinsics of arm_acle.h by their own names (__smlad, __sxtb16, __ssat);
 * here is what that header does not offer.
 *
 * Source: Arm C Language Extensions, IHI 0053, sections 8 and 9; Armv7-M Architecture Reference
 * Manual, DDI 0403, section A7.7.
 */
#ifndef BW_DSP_H
#define BW_DSP_H

#include "bw_kernels.h"

#if BW_DSP
#include <arm_acle.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__arm__) && __GNUC__ < 10 /* whose arm_acle.h has none */

static inline int32_t __smlad(int32_t a, int32_t b, int32_t addend)
{
    int32_t result;

    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(addend));
    return result;
}

static inline int32_t __smlabb(int32_t a, int32_t b, int32_t addend)
{
    int32_t result;

    __asm__("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(addend));
    return result;
}

static inline int32_t __smlabt(int32_t a, int32_t b, int32_t addend)
{
    int32_t result;

    __asm__("smlabt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(addend));
    return result;
}

static inline int32_t __smlatb(int32_t a, int32_t b, int32_t addend)
{
    int32_t result;

    __asm__("smlatb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(addend));
    return result;
}

static inline int32_t __smlatt(int32_t a, int32_t b, int32_t addend)
{
    int32_t result;

    __asm__("smlatt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(addend));
    return result;
}

#endif

/* Returns the four bytes at `bytes`, the first one lowest; they need no alignment. */
static inline uint32_t bw_load_4(const int8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Writes the four bytes of a word, the lowest first; they need no alignment. */
static inline void bw_store_4(int8_t *bytes, uint32_t word)
{
    memcpy(bytes, &word, sizeof word);
}

#if defined(__GNUC__) && defined(__arm__)

/* Returns bytes 0 and 2 of a word as two signed 16-bit numbers. */
static inline int32_t bw_even_bytes(uint32_t word)
{
    int32_t result;

    __asm__("sxtb16 %0, %1" : "=r"(result) : "r"(word));
    return result;
}

/* Returns bytes 1 and 3 of a word as two signed 16-bit numbers. */
static inline int32_t bw_odd_bytes(uint32_t word)
{
    int32_t result;

    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(word));
    return result;
}

/* Returns the two 16-bit sums of pair and bytes 0 and 2 of a word. */
static inline int32_t bw_add_even_bytes(int32_t pair, uint32_t word)
{
    int32_t result;

    __asm__("sxtab16 %0, %1, %2" : "=r"(result) : "r"(pair), "r"(word));
    return result;
}

/* Returns the two 16-bit sums of pair and bytes 1 and 3 of a word. */
static inline int32_t bw_add_odd_bytes(int32_t pair, uint32_t word)
{
    int32_t result;

    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(pair), "r"(word));
    return result;
}

/* Returns the lower halves of two words, that of `low` lowest. */
static inline int32_t bw_pack_bottoms(int32_t low, int32_t high)
{
    int32_t result;

    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(low), "r"(high));
    return result;
}

/* Returns the upper halves of two words, that of `low` lowest. */
static inline int32_t bw_pack_tops(int32_t low, int32_t high)
{
    int32_t result;

    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(high), "r"(low));
    return result;
}

/* Returns addend + value * multiplier / 2^32, rounded to nearest, ties upwards. */
static inline int32_t bw_add_product_high(int32_t addend, int32_t value, int32_t multiplier)
{
    int32_t result;

    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(value), "r"(multiplier), "r"(addend));
    return result;
}

/* Returns a word with bytes 0 and 1 exchanged, and bytes 2 and 3. */
static inline uint32_t bw_swap_bytes(uint32_t word)
{
    uint32_t result;

    __asm__("rev16 %0, %1" : "=r"(result) : "r"(word));
    return result;
}

/* Returns value cut to int8. */
static inline int8_t bw_saturate(int32_t value)
{
    int32_t result;

    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return (int8_t)result;
}

/* Returns the greater of each of four signed bytes. */
static inline uint32_t bw_greatest_bytes(uint32_t a, uint32_t b)
{
    uint32_t result;

    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b) : "cc");
    return result;
}

#else

/* The same for other compilers, and for this code run on another machine. */
static inline int32_t bw_even_bytes(uint32_t word)
{
    return (int32_t)((uint32_t)(uint16_t)(int8_t)(word & 0xff) |
                     (uint32_t)(uint16_t)(int8_t)(word >> 16 & 0xff) << 16);
}

static inline int32_t bw_odd_bytes(uint32_t word)
{
    return bw_even_bytes(word >> 8);
}

static inline int32_t bw_add_halves(int32_t a, int32_t b)
{
    const uint32_t low = ((uint32_t)a + (uint32_t)b) & 0xffff;
    const uint32_t high = ((uint32_t)a & 0xffff0000u) + ((uint32_t)b & 0xffff0000u);

    return (int32_t)(high | low);
}

static inline int32_t bw_add_even_bytes(int32_t pair, uint32_t word)
{
    return bw_add_halves(pair, bw_even_bytes(word));
}

static inline int32_t bw_add_odd_bytes(int32_t pair, uint32_t word)
{
    return bw_add_halves(pair, bw_odd_bytes(word));
}

static inline int32_t bw_pack_bottoms(int32_t low, int32_t high)
{
    return (int32_t)(((uint32_t)low & 0xffff) | (uint32_t)high << 16);
}

static inline int32_t bw_pack_tops(int32_t low, int32_t high)
{
    return (int32_t)((uint32_t)low >> 16 | ((uint32_t)high & 0xffff0000u));
}

static inline int32_t bw_add_product_high(int32_t addend, int32_t value, int32_t multiplier)
{
    const int64_t product = ((int64_t)value * multiplier + ((int64_t)1 << 31)) >> 32;

    return (int32_t)((uint32_t)addend + (uint32_t)product);
}

static inline uint32_t bw_swap_bytes(uint32_t word)
{
    return (word & 0x00ff00ffu) << 8 | (word >> 8 & 0x00ff00ffu);
}

static inline uint32_t bw_greatest_bytes(uint32_t a, uint32_t b)
{
    uint32_t result = 0;

    for (uint32_t mask = 0xff; mask != 0; mask <<= 8) { /* with the sign flipped, as unsigned */
        const uint32_t of_a = (a ^ 0x80808080u) & mask;
        const uint32_t of_b = (b ^ 0x80808080u) & mask;

        result |= of_a > of_b ? of_a : of_b;
    }
    return result ^ 0x80808080u;
}

static inline int8_t bw_saturate(int32_t value)
{
    if (value < INT8_MIN) {
        return INT8_MIN;
    }
    return (int8_t)(value > INT8_MAX ? INT8_MAX : value);
}

#endif
#endif
#endif
