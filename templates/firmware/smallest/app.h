/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_H
#define APP_H

#include "goal.h"

int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT]);
void bw_app_reset(void);

#endif
