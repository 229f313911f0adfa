/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED on cores with 16-bit SIMD: four outputs at a time.
 *
 * bw_narrow.h explains how weights are packed and inputs expanded. Inputs are expanded once for all
 * outputs where there is scratch for them, else for each four outputs anew. */
#include "bw_narrow.h"

#if BW_DSP
#include <string.h>

#define ROWS 4

typedef struct {
    int32_t s0, s1, s2, s3;
} sums_t;

#if defined(__GNUC__) && defined(__arm__) && defined(__OPTIMIZE__)

#define LOAD_EXPANDED "ldrd %[odd], %[even], [%[x]], #8\n\t"

#define LOAD_AND_EXPAND                         \
    "ldr %[even], [%[x]], #4\n\t"               \
    "sxtb16 %[odd], %[even], ror #8\n\t"        \
    "rev16 %[even], %[even]\n\t"                \
    "eor %[even], %[even], #0x007f007f\n\t"

#define ADD_QUAD                                \
    "ldmia %[w]!, {%[a], %[b], %[c], %[d]}\n\t" \
    "smlad %[s0], %[a], %[odd], %[s0]\n\t"      \
    "smlad %[s1], %[b], %[odd], %[s1]\n\t"      \
    "smlad %[s2], %[c], %[odd], %[s2]\n\t"      \
    "smlad %[s3], %[d], %[odd], %[s3]\n\t"      \
    "sxtb16 %[a], %[a]\n\t"                     \
    "sxtb16 %[b], %[b]\n\t"                     \
    "sxtb16 %[c], %[c]\n\t"                     \
    "sxtb16 %[d], %[d]\n\t"                     \
    "smlad %[s0], %[a], %[even], %[s0]\n\t"     \
    "smlad %[s1], %[b], %[even], %[s1]\n\t"     \
    "smlad %[s2], %[c], %[even], %[s2]\n\t"     \
    "smlad %[s3], %[d], %[even], %[s3]\n\t"

/* Adds `quads` quads to four sums and returns where the weights end. LOAD gets a quad of inputs from
 * x. One load instruction fetches the weights of four rows, for which their registers must ascend.
 * Functions of their own, because that leaves no register for the caller's.
 * A turn takes two quads; an odd number of them is entered in the middle. */
#define DEFINE_MULTIPLY(NAME, QUAD_BYTES, LOAD)                                                   \
    static __attribute__((noinline)) const int32_t *NAME(sums_t *t, const int32_t *w,             \
                                                         const int8_t *x, int32_t quads)          \
    {                                                                                             \
        const int8_t *const end = x + quads * (QUAD_BYTES);                                       \
        int32_t odd = quads;                                                                      \
        int32_t even;                                                                             \
        register int32_t a __asm__("r3");                                                         \
        register int32_t b __asm__("r4");                                                         \
        register int32_t c __asm__("r5");                                                         \
        register int32_t d __asm__("r6");                                                         \
                                                                                                  \
        __asm__("lsls %[odd], %[odd], #31\n\t"                                                    \
                "bne 2f\n"                                                                        \
                "1:\n\t" LOAD ADD_QUAD "2:\n\t" LOAD ADD_QUAD "cmp %[x], %[end]\n\t"              \
                "bne 1b"                                                                          \
                : [s0] "+r"(t->s0), [s1] "+r"(t->s1), [s2] "+r"(t->s2), [s3] "+r"(t->s3),         \
                  [w] "+r"(w), [x] "+r"(x), [odd] "+r"(odd), [even] "=&r"(even),                  \
                  [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)                          \
                : [end] "r"(end)                                                                  \
                : "cc", "memory");                                                                \
        return w;                                                                                 \
    }

DEFINE_MULTIPLY(multiply_expanded, 8, LOAD_EXPANDED)
DEFINE_MULTIPLY(multiply_bytes, 4, LOAD_AND_EXPAND)

#else

static inline const int32_t *add_quad(sums_t *t, const int32_t *w, int32_t odd, int32_t even)
{
    t->s0 = __smlad(bw_even_bytes((uint32_t)w[0]), even, __smlad(w[0], odd, t->s0));
    t->s1 = __smlad(bw_even_bytes((uint32_t)w[1]), even, __smlad(w[1], odd, t->s1));
    t->s2 = __smlad(bw_even_bytes((uint32_t)w[2]), even, __smlad(w[2], odd, t->s2));
    t->s3 = __smlad(bw_even_bytes((uint32_t)w[3]), even, __smlad(w[3], odd, t->s3));
    return w + ROWS;
}

static inline const int32_t *multiply_expanded(sums_t *t, const int32_t *w, const int8_t *x,
                                               int32_t quads)
{
    for (; quads > 0; quads--, x += 8) {
        w = add_quad(t, w, (int32_t)bw_load_4(x), (int32_t)bw_load_4(x + 4));
    }
    return w;
}

static inline const int32_t *multiply_bytes(sums_t *t, const int32_t *w, const int8_t *x,
                                            int32_t quads)
{
    for (; quads > 0; quads--, x += 4) {
        const uint32_t quad = bw_load_4(x);

        w = add_quad(t, w, bw_odd_pair(quad), bw_even_pair(quad));
    }
    return w;
}
#endif

static inline int8_t finish(int32_t sum, bw_scale_t s)
{
    return bw_finish_narrow(sum, s.multiplier, s.addend, s.shift);
}

/* Computes all outputs of one input; x is expanded where p->expanded is 1. */
static inline void all_rows(const bw_fully_connected_narrow_t *p, const int8_t *x, int8_t *output,
                            int32_t step)
{
    const int32_t *w = p->weights;
    const int32_t *bias = p->bias;
    const bw_scale_t *scale = p->scales;

    for (int32_t left = p->outputs; left > 0; left -= ROWS) {
        sums_t t = {bias[0], bias[1], bias[2], bias[3]};
        int8_t four[ROWS];

        w = p->expanded ? multiply_expanded(&t, w, x, p->quads)
                        : multiply_bytes(&t, w, x, p->quads);
        four[0] = finish(t.s0, scale[0]);
        four[1] = finish(t.s1, scale[step]);
        four[2] = finish(t.s2, scale[2 * step]);
        four[3] = finish(t.s3, scale[3 * step]);
        if (left >= ROWS) {
            bw_store_4(output, bw_load_4(four));
        } else {
            memcpy(output, four, (size_t)left);
        }
        scale += ROWS * step;
        bias += ROWS;
        output += ROWS;
    }
}

void bw_fully_connected_narrow(const bw_fully_connected_narrow_t *p, const int8_t *input,
                               int8_t *output, int8_t *scratch)
{
    for (int32_t batch = 0; batch < p->batches; batch++) {
        const int8_t *x = input;

        if (p->expanded) {
            bw_expand(input, p->inputs, 1, (int32_t *)(void *)scratch);
            x = scratch;
        }
        if (p->per_channel) {
            all_rows(p, x, output, 1);
        } else {
            all_rows(p, x, output, 0);
        }
        input += p->inputs;
        output += p->outputs;
    }
    bw_cut(output - p->batches * p->outputs, p->batches * p->outputs, p->activation_min,
           p->activation_max);
}
#endif
