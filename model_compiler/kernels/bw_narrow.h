/* SPDX-License-Identifier: Apache-2.0 */
/* How kernels for 16-bit SIMD sum products of bytes with one instruction less for four of them.
 *
 * The core multiplies pairs of 16-bit numbers (SMLAD), the weights are bytes. Taking a word of four
 * of them apart costs two instructions, one for each pair. Here it costs one, because one of the
 * pairs need not be taken apart: for weights a b c d and inputs w x y z the word is stored as the
 * two 16-bit numbers
 *
 *     256 b + a    and    256 d + c
 *
 * and multiplied as it is by (x, z), which gives 256 (b x + d z) + (a x + c z). The lower bytes a
 * and c, which one SXTB16 brings out, are multiplied by (256 w - x, 256 y - z). In the sum of both
 * the surplus a x + c z is gone, and 256 times the wanted sum is left. 256 w - x needs 17 bits, but
 * 256 w + (127 - x) fits into 16 for every w and x: its upper byte is w, its lower byte x with seven
 * bits turned over. What 127 adds is the same for all inputs, and is taken off the bias beforehand.
 *
 * So a quad of inputs is expanded into two words, once for all that is computed from it: `odd`, which
 * is (x, z), and `even`, which is (256 w + 127 - x, 256 y + 127 - z). A sum needs 24 bits and eight
 * more for the factor, so it may wrap around on its way but not at its end. */
#ifndef BW_NARROW_H
#define BW_NARROW_H

#include "bw_arithmetic.h"
#include "bw_dsp.h"

#if BW_DSP

static inline int32_t bw_odd_pair(uint32_t quad)
{
    return bw_odd_bytes(quad);
}

static inline int32_t bw_even_pair(uint32_t quad)
{
    return (int32_t)(bw_swap_bytes(quad) ^ 0x007f007fu);
}

/* Expands `count` inputs of one of `pixels` pixels that stand side by side: for each quad the odd
 * pairs of all, then the even pairs. A quad that is not full gets zeros. Returns where the next quad
 * goes. */
static inline int32_t *bw_expand(const int8_t *input, int32_t count, int32_t pixels, int32_t *to)
{
    uint32_t quad;

    for (; count >= 4; count -= 4) {
        quad = bw_load_4(input);
        input += 4;
        to[0] = bw_odd_pair(quad);
        to[pixels] = bw_even_pair(quad);
        to += 2 * pixels;
    }
    if (count > 0) {
        quad = 0;
        while (count > 0) {
            count--;
            quad = quad << 8 | (uint8_t)input[count];
        }
        to[0] = bw_odd_pair(quad);
        to[pixels] = bw_even_pair(quad);
        to += 2 * pixels;
    }
    return to;
}

/* Returns the output of a sum 256 times as great; see bw_channel_t. */
static inline int8_t bw_finish_narrow(int32_t sum, int32_t multiplier, int32_t addend,
                                      int32_t shift)
{
    return bw_saturate(bw_add_product_high(addend + (sum >> 31), sum >> 7, multiplier) >> shift);
}

#endif
#endif
