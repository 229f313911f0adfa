/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest project around a model: raw samples are the features, as bytes. */
#ifndef GOAL_H
#define GOAL_H

#include <stdint.h>

#include "bw_model.h"

typedef uint8_t bw_raw_t;
#define BW_RAW_COUNT BW_MODEL_INPUT_COUNT
#define BW_FEATURE_COUNT BW_MODEL_INPUT_COUNT
#define BW_CLASS_COUNT BW_MODEL_OUTPUT_COUNT

#endif
