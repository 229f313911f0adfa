/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT])
{
    (void)scores;
    return -1;
}

void bw_app_reset(void)
{
}
