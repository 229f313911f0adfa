/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#include <string.h>

void bw_fill(int8_t value, int8_t *output, int32_t count)
{
    memset(output, value, (size_t)count);
}
