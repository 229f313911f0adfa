/* SPDX-License-Identifier: Apache-2.0 */
/* Holds no code: it lets the compiler compare the project's headers with what the firmware calls. */
#include <stdint.h>

#include "app.h"
#include "features.h"
#include "goal.h"

/* `float *features` and `float features[BW_FEATURE_COUNT]` are the same type. */
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Warray-parameter"

void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT]);
int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT]);
void bw_app_reset(void);
void bw_board_led(int on);
