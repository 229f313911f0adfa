/* SPDX-License-Identifier: Apache-2.0 */
#include "features.h"

void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])
{
    for (int i = 0; i < BW_FEATURE_COUNT; ++i) {
        features[i] = (float)raw[i];
    }
}
