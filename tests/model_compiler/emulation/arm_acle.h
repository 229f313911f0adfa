/* SPDX-License-Identifier: Apache-2.0 */
/* The intrinsics of the DSP extension in portable C, so that kernels written for it run on any
 * little-endian machine, under sanitizers. Arithmetic wraps as on the core; the Q flag and the GE
 * flags but for __sel are not modelled.
 *
 * Build with -D__ARM_FEATURE_DSP=1 -D__ARM_FEATURE_SIMD32=1 and this folder among the include paths.
 *
 * Source: Arm C Language Extensions, IHI 0053, sections 8 and 9.
 */
#ifndef BW_EMULATED_ARM_ACLE_H
#define BW_EMULATED_ARM_ACLE_H

#include <stdint.h>

typedef int32_t int8x4_t;
typedef int32_t uint8x4_t;
typedef int32_t int16x2_t;
typedef int32_t uint16x2_t;

static inline int32_t bw_emulated_bottom(int32_t pair)
{
    return (int16_t)(pair & 0xffff);
}

static inline int32_t bw_emulated_top(int32_t pair)
{
    return pair >> 16;
}

static inline int32_t bw_emulated_byte(int32_t word, int place)
{
    return (int8_t)((uint32_t)word >> (8 * place) & 0xff);
}

static inline int32_t bw_emulated_pair(int32_t bottom, int32_t top)
{
    return (int32_t)(((uint32_t)bottom & 0xffff) | (uint32_t)top << 16);
}

static inline int32_t bw_emulated_wrap(int64_t value)
{
    return (int32_t)(uint32_t)(uint64_t)value;
}

static inline int32_t bw_emulated_cut(int64_t value, int bits)
{
    const int64_t greatest = ((int64_t)1 << (bits - 1)) - 1;

    if (value > greatest) {
        return (int32_t)greatest;
    }
    return value < -greatest - 1 ? (int32_t)(-greatest - 1) : (int32_t)value;
}

static inline int32_t bw_emulated_cut_unsigned(int64_t value, int bits)
{
    const int64_t greatest = ((int64_t)1 << bits) - 1;

    if (value > greatest) {
        return (int32_t)greatest;
    }
    return value < 0 ? 0 : (int32_t)value;
}

#define __ssat(value, bits) bw_emulated_cut((value), (bits))
#define __usat(value, bits) bw_emulated_cut_unsigned((value), (bits))

static inline int32_t bw_emulated_ssat16(int32_t a, int bits)
{
    return bw_emulated_pair(bw_emulated_cut(bw_emulated_bottom(a), bits),
                            bw_emulated_cut(bw_emulated_top(a), bits));
}

static inline int32_t bw_emulated_usat16(int32_t a, int bits)
{
    return bw_emulated_pair(bw_emulated_cut_unsigned(bw_emulated_bottom(a), bits),
                            bw_emulated_cut_unsigned(bw_emulated_top(a), bits));
}

#define __ssat16(pair, bits) bw_emulated_ssat16((pair), (bits))
#define __usat16(pair, bits) bw_emulated_usat16((pair), (bits))

static inline int32_t __qadd(int32_t a, int32_t b)
{
    return bw_emulated_cut((int64_t)a + b, 32);
}

static inline int32_t __qsub(int32_t a, int32_t b)
{
    return bw_emulated_cut((int64_t)a - b, 32);
}

static inline int16x2_t __sxtb16(int8x4_t a)
{
    return bw_emulated_pair(bw_emulated_byte(a, 0), bw_emulated_byte(a, 2));
}

static inline uint16x2_t __uxtb16(uint8x4_t a)
{
    return a & 0x00ff00ff;
}

static inline int16x2_t __sadd16(int16x2_t a, int16x2_t b)
{
    return bw_emulated_pair(bw_emulated_bottom(a) + bw_emulated_bottom(b),
                            bw_emulated_top(a) + bw_emulated_top(b));
}

static inline int16x2_t __ssub16(int16x2_t a, int16x2_t b)
{
    return bw_emulated_pair(bw_emulated_bottom(a) - bw_emulated_bottom(b),
                            bw_emulated_top(a) - bw_emulated_top(b));
}

static inline int16x2_t __qadd16(int16x2_t a, int16x2_t b)
{
    return bw_emulated_pair(
        bw_emulated_cut(bw_emulated_bottom(a) + bw_emulated_bottom(b), 16),
        bw_emulated_cut(bw_emulated_top(a) + bw_emulated_top(b), 16));
}

static inline int16x2_t __qsub16(int16x2_t a, int16x2_t b)
{
    return bw_emulated_pair(
        bw_emulated_cut(bw_emulated_bottom(a) - bw_emulated_bottom(b), 16),
        bw_emulated_cut(bw_emulated_top(a) - bw_emulated_top(b), 16));
}

static inline int16x2_t __sxtab16(int16x2_t a, int8x4_t b)
{
    return __sadd16(a, __sxtb16(b));
}

static inline uint16x2_t __uxtab16(uint16x2_t a, uint8x4_t b)
{
    return __sadd16(a, __uxtb16(b));
}

static inline int32_t __smuad(int16x2_t a, int16x2_t b)
{
    return bw_emulated_wrap((int64_t)bw_emulated_bottom(a) * bw_emulated_bottom(b) +
                            (int64_t)bw_emulated_top(a) * bw_emulated_top(b));
}

static inline int32_t __smuadx(int16x2_t a, int16x2_t b)
{
    return bw_emulated_wrap((int64_t)bw_emulated_bottom(a) * bw_emulated_top(b) +
                            (int64_t)bw_emulated_top(a) * bw_emulated_bottom(b));
}

static inline int32_t __smusd(int16x2_t a, int16x2_t b)
{
    return bw_emulated_bottom(a) * bw_emulated_bottom(b) -
           bw_emulated_top(a) * bw_emulated_top(b);
}

static inline int32_t __smlad(int16x2_t a, int16x2_t b, int32_t c)
{
    return bw_emulated_wrap((int64_t)c + __smuad(a, b));
}

static inline int32_t __smladx(int16x2_t a, int16x2_t b, int32_t c)
{
    return bw_emulated_wrap((int64_t)c + __smuadx(a, b));
}

static inline int32_t __smlsd(int16x2_t a, int16x2_t b, int32_t c)
{
    return bw_emulated_wrap((int64_t)c + __smusd(a, b));
}

static inline int32_t __smlabb(int32_t a, int32_t b, int32_t c)
{
    return bw_emulated_wrap((int64_t)c + bw_emulated_bottom(a) * bw_emulated_bottom(b));
}

static inline int32_t __smlabt(int32_t a, int32_t b, int32_t c)
{
    return bw_emulated_wrap((int64_t)c + bw_emulated_bottom(a) * bw_emulated_top(b));
}

static inline int32_t __smlatb(int32_t a, int32_t b, int32_t c)
{
    return bw_emulated_wrap((int64_t)c + bw_emulated_top(a) * bw_emulated_bottom(b));
}

static inline int32_t __smlatt(int32_t a, int32_t b, int32_t c)
{
    return bw_emulated_wrap((int64_t)c + bw_emulated_top(a) * bw_emulated_top(b));
}

static inline int32_t __smlawb(int32_t a, int32_t b, int32_t c)
{
    return bw_emulated_wrap((((int64_t)a * bw_emulated_bottom(b)) >> 16) + c);
}

static inline int32_t __smlawt(int32_t a, int32_t b, int32_t c)
{
    return bw_emulated_wrap((((int64_t)a * bw_emulated_top(b)) >> 16) + c);
}

#endif
