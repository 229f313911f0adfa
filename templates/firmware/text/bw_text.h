/* SPDX-License-Identifier: Apache-2.0 */
/* Commands in ASCII, each ended by '%', as the runner of MLPerf Tiny sends them; every answer ends with m-ready.
 * They share the line with the frames, of which no byte that is not inside one is taken for another.
 * Source: the benchmark's reference firmware and runner, as docs/mlperf_tiny.md describes them. */
#ifndef BW_TEXT_H
#define BW_TEXT_H

#include <stdint.h>

#include "goal.h"

/* Say that the board is there. Called once, after bw_board_init(). A sample of `size` bytes will be put at `sample`,
 * which frames may use as well: then bw_text_forget() is called. */
void bw_text_begin(bw_raw_t *sample, uint32_t size);

/* Take one byte that belongs to no frame; answers where it ends a command. */
void bw_text_take(uint8_t byte);

/* Forget what was loaded and run: a frame came. */
void bw_text_forget(void);

#endif
