/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED for Helium: each vector of inputs that is loaded meets four rows of weights. */
#include "bw_kernels.h"

#if BW_MVE
#include "bw_mve.h"

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

    for (int32_t batch = 0; batch < p->batches; batch++) {
        bw_mve_one_row(&scaling, input, p->weights, p->inputs, p->outputs, output);
        bw_mve_clamp(output, p->outputs, p->activation_min, p->activation_max);
        input += p->inputs;
        output += p->outputs;
    }
}
#endif
