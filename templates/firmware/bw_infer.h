/* SPDX-License-Identifier: Apache-2.0 */
/* From a raw sample to scores: features, quantisation, model, in this order. All memory is static. */
#ifndef BW_INFER_H
#define BW_INFER_H

#include <stdint.h>

#include "goal.h"

/* Compute the features of one raw sample. */
void bw_infer_features(const bw_raw_t raw[BW_RAW_COUNT]);

/* Quantise the features and run the model. Returns 0 or the negative error of bw_model_invoke(). */
int bw_infer_model(void);

/* The model's int8 output, BW_CLASS_COUNT scores; valid until the next call of bw_infer_model(). */
const int8_t *bw_infer_scores(void);

#endif
