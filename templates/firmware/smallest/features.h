/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FEATURES_H
#define FEATURES_H

#include "goal.h"

void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT]);

#endif
