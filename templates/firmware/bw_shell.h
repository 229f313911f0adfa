/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BW_SHELL_H
#define BW_SHELL_H

#include <stdint.h>

/* Whose code is running: a report of a fault names it. */
enum bw_phase { BW_PHASE_WAITING = 0, BW_PHASE_FEATURES = 1, BW_PHASE_MODEL = 2, BW_PHASE_APP = 3 };

extern volatile uint8_t bw_shell_phase;

#endif
