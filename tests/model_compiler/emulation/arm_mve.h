/* SPDX-License-Identifier: Apache-2.0 */
/* The integer intrinsics of the M-profile vector extension that our kernels use, in portable C, so
 * that the kernels run on any little-endian machine, under sanitizers. Memory is touched element by
 * element, and only where a predicate says so: a sanitizer sees each byte that the core would read.
 *
 * Build with -D__ARM_FEATURE_MVE=1 and this folder among the include paths.
 *
 * Source: Arm MVE intrinsics reference, 101809; Armv8-M Architecture Reference Manual, DDI 0553.
 */
#ifndef BW_EMULATED_ARM_MVE_H
#define BW_EMULATED_ARM_MVE_H

#include <stdint.h>
#include <string.h>

typedef uint16_t mve_pred16_t; /* one bit for each byte of a vector */

typedef struct { int8_t at[16]; } int8x16_t;
typedef struct { int16_t at[8]; } int16x8_t;
typedef struct { int32_t at[4]; } int32x4_t;
typedef struct { uint16_t at[8]; } uint16x8_t;
typedef struct { uint32_t at[4]; } uint32x4_t;

static inline uint32x4_t vreinterpretq_u32_s8(int8x16_t a)
{
    uint32x4_t result;

    memcpy(&result, &a, sizeof result);
    return result;
}

static inline int8x16_t vreinterpretq_s8_u32(uint32x4_t a)
{
    int8x16_t result;

    memcpy(&result, &a, sizeof result);
    return result;
}

static inline int32_t bw_emulated_wrap(int64_t value)
{
    return (int32_t)(uint32_t)((uint64_t)value & 0xffffffffu);
}

static inline int32_t bw_emulated_saturate(int64_t value)
{
    if (value > INT32_MAX) {
        return INT32_MAX;
    }
    return value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

static inline mve_pred16_t bw_emulated_first(uint32_t bytes)
{
    return (mve_pred16_t)(bytes >= 16 ? 0xffffu : (1u << bytes) - 1u);
}

static inline mve_pred16_t vctp8q(uint32_t count)
{
    return bw_emulated_first(count);
}

static inline mve_pred16_t vctp16q(uint32_t count)
{
    return bw_emulated_first(count > 8 ? 16 : 2 * count);
}

static inline mve_pred16_t vctp32q(uint32_t count)
{
    return bw_emulated_first(count > 4 ? 16 : 4 * count);
}

/* Defines a function that fills the vector `result` lane by lane. */
#define BW_EMULATED(type, lanes, signature, element)         \
    static inline type signature                             \
    {                                                        \
        type result;                                         \
        for (int i = 0; i < (lanes); i++) {                  \
            result.at[i] = (element);                        \
        }                                                    \
        return result;                                       \
    }

/* Defines a function that writes the lanes of `value` somewhere. */
#define BW_EMULATED_STORE(lanes, signature, statement) \
    static inline void signature                       \
    {                                                  \
        for (int i = 0; i < (lanes); i++) {            \
            statement;                                 \
        }                                              \
    }

#define BW_HAS(predicate, bytes) ((predicate) >> (i * (bytes)) & 1)

BW_EMULATED(int8x16_t, 16, vdupq_n_s8(int8_t a), a)
BW_EMULATED(int16x8_t, 8, vdupq_n_s16(int16_t a), a)
BW_EMULATED(int32x4_t, 4, vdupq_n_s32(int32_t a), a)
BW_EMULATED(uint16x8_t, 8, vidupq_n_u16(uint32_t a, int step), (uint16_t)(a + (uint32_t)(i * step)))
BW_EMULATED(uint32x4_t, 4, vidupq_n_u32(uint32_t a, int step), a + (uint32_t)(i * step))

BW_EMULATED(int8x16_t, 16, vldrbq_s8(const int8_t *p), p[i])
BW_EMULATED(int16x8_t, 8, vldrbq_s16(const int8_t *p), p[i])
BW_EMULATED(int32x4_t, 4, vldrbq_s32(const int8_t *p), p[i])
BW_EMULATED(int32x4_t, 4, vldrwq_s32(const int32_t *p), p[i])
BW_EMULATED(uint32x4_t, 4, vldrwq_u32(const uint32_t *p), p[i])
BW_EMULATED(int8x16_t, 16, vldrbq_z_s8(const int8_t *p, mve_pred16_t m),
            BW_HAS(m, 1) ? p[i] : (int8_t)0)
BW_EMULATED(int16x8_t, 8, vldrbq_z_s16(const int8_t *p, mve_pred16_t m),
            BW_HAS(m, 2) ? p[i] : (int16_t)0)
BW_EMULATED(int32x4_t, 4, vldrbq_z_s32(const int8_t *p, mve_pred16_t m), BW_HAS(m, 4) ? p[i] : 0)
BW_EMULATED(int32x4_t, 4, vldrwq_z_s32(const int32_t *p, mve_pred16_t m), BW_HAS(m, 4) ? p[i] : 0)
BW_EMULATED(int32x4_t, 4,
            vldrbq_gather_offset_z_s32(const int8_t *p, uint32x4_t o, mve_pred16_t m),
            BW_HAS(m, 4) ? p[o.at[i]] : 0)

BW_EMULATED_STORE(16, vstrbq_s8(int8_t *p, int8x16_t a), p[i] = a.at[i])
BW_EMULATED_STORE(4, vstrbq_s32(int8_t *p, int32x4_t a), p[i] = (int8_t)a.at[i])
BW_EMULATED_STORE(4, vstrwq_s32(int32_t *p, int32x4_t a), p[i] = a.at[i])
BW_EMULATED_STORE(16, vstrbq_p_s8(int8_t *p, int8x16_t a, mve_pred16_t m),
                  if (BW_HAS(m, 1)) p[i] = a.at[i])
BW_EMULATED_STORE(4, vstrbq_p_s32(int8_t *p, int32x4_t a, mve_pred16_t m),
                  if (BW_HAS(m, 4)) p[i] = (int8_t)a.at[i])
BW_EMULATED_STORE(8, vstrbq_scatter_offset_s16(int8_t *p, uint16x8_t o, int16x8_t a),
                  p[o.at[i]] = (int8_t)a.at[i])
BW_EMULATED_STORE(4, vstrbq_scatter_offset_s32(int8_t *p, uint32x4_t o, int32x4_t a),
                  p[o.at[i]] = (int8_t)a.at[i])

BW_EMULATED(int8x16_t, 16, vmaxq_s8(int8x16_t a, int8x16_t b),
            a.at[i] > b.at[i] ? a.at[i] : b.at[i])
BW_EMULATED(int8x16_t, 16, vminq_s8(int8x16_t a, int8x16_t b),
            a.at[i] < b.at[i] ? a.at[i] : b.at[i])
BW_EMULATED(int8x16_t, 16, vpselq_s8(int8x16_t a, int8x16_t b, mve_pred16_t m),
            BW_HAS(m, 1) ? a.at[i] : b.at[i])
BW_EMULATED(int32x4_t, 4, vmaxq_s32(int32x4_t a, int32x4_t b),
            a.at[i] > b.at[i] ? a.at[i] : b.at[i])
BW_EMULATED(int32x4_t, 4, vminq_s32(int32x4_t a, int32x4_t b),
            a.at[i] < b.at[i] ? a.at[i] : b.at[i])
BW_EMULATED(int32x4_t, 4, vandq_s32(int32x4_t a, int32x4_t b), a.at[i] & b.at[i])
BW_EMULATED(int16x8_t, 8, vaddq_s16(int16x8_t a, int16x8_t b),
            (int16_t)(uint16_t)((a.at[i] + b.at[i]) & 0xffff))
BW_EMULATED(int32x4_t, 4, vaddq_s32(int32x4_t a, int32x4_t b),
            bw_emulated_wrap((int64_t)a.at[i] + b.at[i]))
BW_EMULATED(int32x4_t, 4, vaddq_n_s32(int32x4_t a, int32_t b),
            bw_emulated_wrap((int64_t)a.at[i] + b))
BW_EMULATED(int32x4_t, 4, vmulq_s32(int32x4_t a, int32x4_t b),
            bw_emulated_wrap((int64_t)a.at[i] * b.at[i]))
BW_EMULATED(uint16x8_t, 8, vmulq_n_u16(uint16x8_t a, uint16_t b),
            (uint16_t)((uint32_t)a.at[i] * b & 0xffffu))
BW_EMULATED(uint32x4_t, 4, vmulq_n_u32(uint32x4_t a, uint32_t b), a.at[i] * b)
BW_EMULATED(int32x4_t, 4, vmlaq_n_s32(int32x4_t add, int32x4_t a, int32_t b),
            bw_emulated_wrap(add.at[i] + (int64_t)a.at[i] * b))
BW_EMULATED(int32x4_t, 4, vmlasq_n_s32(int32x4_t a, int32x4_t b, int32_t add),
            bw_emulated_wrap(add + (int64_t)a.at[i] * b.at[i]))

static inline int32_t bw_emulated_vqrdmulh(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/* VSHL and VRSHL: to the left by a positive count, to the right by a negative one. */
static inline int32_t bw_emulated_shift(int32_t a, int32_t by, int round)
{
    const int32_t count = (int8_t)(uint8_t)((uint32_t)by & 0xffu);

    if (count >= 0) {
        return count > 31 ? 0 : (int32_t)((uint32_t)a << count);
    }
    if (count < -32) {
        return round ? 0 : (a < 0 ? -1 : 0);
    }
    return (int32_t)(((int64_t)a + (round ? INT64_C(1) << (-count - 1) : 0)) >> -count);
}

BW_EMULATED(int32x4_t, 4, vqrdmulhq_s32(int32x4_t a, int32x4_t b),
            bw_emulated_vqrdmulh(a.at[i], b.at[i]))
BW_EMULATED(int32x4_t, 4, vqrdmulhq_n_s32(int32x4_t a, int32_t b), bw_emulated_vqrdmulh(a.at[i], b))
BW_EMULATED(int32x4_t, 4, vqdmlahq_n_s32(int32x4_t add, int32x4_t a, int32_t b),
            bw_emulated_saturate(add.at[i] + (((int64_t)a.at[i] * b) >> 31)))
BW_EMULATED(int32x4_t, 4, vshlq_s32(int32x4_t a, int32x4_t b),
            bw_emulated_shift(a.at[i], b.at[i], 0))
BW_EMULATED(int32x4_t, 4, vrshlq_s32(int32x4_t a, int32x4_t b),
            bw_emulated_shift(a.at[i], b.at[i], 1))
BW_EMULATED(int32x4_t, 4, vrshlq_n_s32(int32x4_t a, int32_t b), bw_emulated_shift(a.at[i], b, 1))
BW_EMULATED(int32x4_t, 4, vshrq_n_s32(int32x4_t a, int by), a.at[i] >> by)
BW_EMULATED(uint32x4_t, 4, vshlq_n_u32(uint32x4_t a, int by), a.at[i] << by)
BW_EMULATED(uint32x4_t, 4, vsriq_n_u32(uint32x4_t a, uint32x4_t b, int by),
            (a.at[i] & ~(UINT32_MAX >> by)) | b.at[i] >> by)
BW_EMULATED(int32x4_t, 4, vqshlq_n_s32(int32x4_t a, int by),
            bw_emulated_saturate((int64_t)a.at[i] * (INT64_C(1) << by)))

static inline int32x4_t vsetq_lane_s32(int32_t value, int32x4_t to, int lane)
{
    to.at[lane] = value;
    return to;
}

static inline int32_t vmladavaq_s8(int32_t add, int8x16_t a, int8x16_t b)
{
    for (int i = 0; i < 16; i++) {
        add = bw_emulated_wrap((int64_t)add + a.at[i] * b.at[i]);
    }
    return add;
}

static inline int32_t vmladavq_s8(int8x16_t a, int8x16_t b)
{
    return vmladavaq_s8(0, a, b);
}

static inline int8_t vmaxvq_p_s8(int8_t greatest, int8x16_t a, mve_pred16_t m)
{
    for (int i = 0; i < 16; i++) {
        if (BW_HAS(m, 1) && a.at[i] > greatest) {
            greatest = a.at[i];
        }
    }
    return greatest;
}

#endif
