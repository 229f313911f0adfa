/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the device does with a result. This header is the contract between the measuring firmware and
 * app.c; only app.c is the project's own.
 */
#ifndef BW_APP_H
#define BW_APP_H

#include <stdint.h>

#include "goal.h"

/*
 * Take the result of one inference.
 *
 * scores: int8 output of the model, one for each class in the order of BW_LABELS.
 * Returns the class that the device acts on now, or -1 for none.
 * Called once after each inference, in order.
 */
int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT]);

/* Forget what came before, as after power-on. */
void bw_app_reset(void);

/* Provided by the board: switch its LED on (not 0) or off (0). */
void bw_board_led(int on);

#endif
