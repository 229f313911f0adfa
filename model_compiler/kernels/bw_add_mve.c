/* SPDX-License-Identifier: Apache-2.0 */
/* ADD and SUB for Helium, four elements at a time: VMLAS is a product with a vector plus a scalar,
 * VMLA one with a scalar added to a vector, and so an offset costs no addition of its own. */
#include "bw_kernels.h"

#if BW_MVE
#include "bw_mve.h"

#define LEFT_SHIFT 20

/* Returns value * multiplier / 2^(31 + right_shift), rounded twice. */
static inline int32x4_t scale_down(int32x4_t value, int32_t multiplier, int32_t right_shift)
{
    const int32x4_t high = vqrdmulhq_n_s32(value, multiplier);

    return vrshlq_n_s32(vqdmlahq_n_s32(high, high, right_shift > 0), -right_shift);
}

static inline int32x4_t add_four(const bw_add_t *p, int32x4_t coarse, int32x4_t fine)
{
    const int32x4_t raised = vmlasq_n_s32(fine, vdupq_n_s32(1 << LEFT_SHIFT),
                                          p->fine_offset * (1 << LEFT_SHIFT));
    const int32x4_t scaled = scale_down(raised, p->fine_multiplier, p->fine_right_shift);
    const int32x4_t moved = vmlasq_n_s32(scaled, vdupq_n_s32(p->fine_sign),
                                         p->coarse_offset * p->coarse_factor);
    const int32x4_t sum = vmlaq_n_s32(moved, coarse, p->coarse_factor);
    const int32x4_t value = scale_down(sum, p->output_multiplier, p->output_right_shift);

    return bw_mve_saturate(vaddq_n_s32(value, p->output_offset));
}

/* Adds elements side by side, `fours` times four. */
static void add_run(const bw_add_t *parameters, const int8_t *coarse, const int8_t *fine,
                    int8_t *output, int32_t fours)
{
    const bw_add_t copied = *parameters; /* which no store to output can change */

    for (; fours > 0; fours--) {
        vstrbq_s32(output, add_four(&copied, vldrbq_s32(coarse), vldrbq_s32(fine)));
        coarse += 4;
        fine += 4;
        output += 4;
    }
}

/* Adds elements at any strides. */
static void add_scattered(const bw_add_t *p, const int8_t *coarse, const int8_t *fine,
                          int8_t *output, int32_t count)
{
    const uint32x4_t lanes = vidupq_n_u32(0, 1);
    const uint32x4_t coarse_lanes = vmulq_n_u32(lanes, (uint32_t)p->coarse_stride[3]);
    const uint32x4_t fine_lanes = vmulq_n_u32(lanes, (uint32_t)p->fine_stride[3]);

    for (; count > 0; count -= 4) {
        const mve_pred16_t there = vctp32q((uint32_t)count);
        const int32x4_t value = add_four(p, vldrbq_gather_offset_z_s32(coarse, coarse_lanes, there),
                                         vldrbq_gather_offset_z_s32(fine, fine_lanes, there));

        vstrbq_p_s32(output, value, there);
        coarse += 4 * p->coarse_stride[3];
        fine += 4 * p->fine_stride[3];
        output += 4;
    }
}

static void add_row(const bw_add_t *p, const int8_t *coarse, const int8_t *fine, int8_t *output)
{
    int32_t done = 0;

    if (p->coarse_stride[3] == 1 && p->fine_stride[3] == 1) {
        done = p->size[3] / 4 * 4;
        add_run(p, coarse, fine, output, done / 4);
    }
    add_scattered(p, coarse + done * p->coarse_stride[3], fine + done * p->fine_stride[3],
                  output + done, p->size[3] - done);
}

void bw_add(const bw_add_t *p, const int8_t *coarse, const int8_t *fine, int8_t *output)
{
    int8_t *row = output;

    for (int32_t i = 0; i < p->size[0]; i++) {
        for (int32_t j = 0; j < p->size[1]; j++) {
            for (int32_t k = 0; k < p->size[2]; k++) {
                add_row(p,
                        coarse + i * p->coarse_stride[0] + j * p->coarse_stride[1] +
                            k * p->coarse_stride[2],
                        fine + i * p->fine_stride[0] + j * p->fine_stride[1] +
                            k * p->fine_stride[2],
                        row);
                row += p->size[3];
            }
        }
    }
    bw_mve_clamp(output, (int32_t)(row - output), p->activation_min, p->activation_max);
}
#endif
