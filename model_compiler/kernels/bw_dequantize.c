/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

void bw_dequantize(float scale, int32_t zero_point, const int8_t *input, float *output,
                   int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = scale * (float)(input[i] - zero_point);
    }
}
