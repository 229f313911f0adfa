/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

void bw_lut(const int8_t table[256], const int8_t *input, int8_t *output, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = table[input[i] + 128];
    }
}
