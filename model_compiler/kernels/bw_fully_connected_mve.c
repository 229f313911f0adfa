/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED for Helium: each vector of inputs that is loaded meets four rows of weights, and the
 * four sums are requantised together. Where inputs fill whole vectors, which they mostly do, a loop of
 * its own does just that; what is left, and shifts to the left, go the way of CONV_2D's last pixel. */
#include "bw_kernels.h"

#if BW_MVE
#include "bw_mve.h"

/* Computes fours of outputs of whole vectors of inputs, where the scaling is simple. Returns how many
 * outputs there are in fours. */
static int32_t fours(const bw_fully_connected_t *p, const bw_mve_scaling_t *s, const int8_t *input,
                     int8_t *output)
{
    const int32_t size = p->inputs;
    const int32_t per_channel = s->per_channel;
    const int32_t away = s->away;
    const int32_t offset = s->offset;
    const int32_t *bias = s->bias;
    const int32_t *multipliers = s->multipliers;
    const int8_t *shifts = s->shifts;
    const int8_t *w = p->weights;
    int32x4_t multiplier = vdupq_n_s32(*multipliers);
    int32x4_t shift = vdupq_n_s32(*shifts);
    int32x4_t sums = vdupq_n_s32(0);

    for (int32_t fours_left = p->outputs / 4; fours_left > 0; fours_left--, w += 3 * size) {
        const int8_t *x = input;
        const int8_t *w1 = w + size;
        const int8_t *w2 = w1 + size;
        const int8_t *w3 = w2 + size;
        uint32_t left = (uint32_t)size / BW_MVE_BYTES;
        int32_t sum0 = 0;
        int32_t sum1 = 0;
        int32_t sum2 = 0;
        int32_t sum3 = 0;

        do {
            const int8x16_t value = bw_mve_next(&x, BW_MVE_BYTES);

            sum0 = vmladavaq_s8(sum0, value, bw_mve_next(&w, BW_MVE_BYTES));
            sum1 = vmladavaq_s8(sum1, value, bw_mve_next(&w1, BW_MVE_BYTES));
            sum2 = vmladavaq_s8(sum2, value, bw_mve_next(&w2, BW_MVE_BYTES));
            sum3 = vmladavaq_s8(sum3, value, bw_mve_next(&w3, BW_MVE_BYTES));
        } while (--left != 0);
        sums = vsetq_lane_s32(sum0, sums, 0);
        sums = vsetq_lane_s32(sum1, sums, 1);
        sums = vsetq_lane_s32(sum2, sums, 2);
        sums = vsetq_lane_s32(sum3, sums, 3);
        if (per_channel) {
            multiplier = vldrwq_s32(multipliers);
            shift = vldrbq_s32(shifts);
            multipliers += 4;
            shifts += 4;
        }
        sums = vaddq_s32(sums, vldrwq_s32(bias));
        sums = bw_mve_requantize_simple(sums, multiplier, shift, away);
        vstrbq_s32(output, bw_mve_saturate(vaddq_n_s32(sums, offset)));
        bias += 4;
        output += 4;
    }
    return p->outputs / 4 * 4;
}

void bw_fully_connected(const bw_fully_connected_t *p, const int8_t *input, int8_t *output)
{
    const int32_t away = p->activation_min < p->output_offset;
    const int32_t entries = p->per_channel ? p->outputs : 1;
    const bw_mve_scaling_t scaling = {
        .bias = p->bias,
        .multipliers = p->multipliers,
        .shifts = p->shifts,
        .per_channel = p->per_channel,
        .offset = p->output_offset,
        .away = away,
        .simple = bw_mve_greatest(p->shifts, entries) <= -away,
    };
    const int whole = scaling.simple && p->inputs % BW_MVE_BYTES == 0;

    for (int32_t batch = 0; batch < p->batches; batch++) {
        const int32_t done = whole ? fours(p, &scaling, input, output) : 0;

        bw_mve_one_row(&scaling, input, p->weights, p->inputs, done, p->outputs, output);
        bw_mve_clamp(output, p->outputs, p->activation_min, p->activation_max);
        input += p->inputs;
        output += p->outputs;
    }
}
#endif
