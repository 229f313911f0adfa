/* SPDX-License-Identifier: Apache-2.0 */
/* What the shell needs of a board. One file in boards/ implements it for one family of boards. */
#ifndef BW_BOARD_H
#define BW_BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Set up the serial line and the timer. Called once, before anything else. */
void bw_board_init(void);

/* Wait for one byte and return it (0 to 255), or -1 where the line was closed for good. */
int bw_board_read(void);

/* Send `size` bytes; returns when the last one was handed to the line. */
void bw_board_write(const uint8_t *bytes, size_t size);

/* Set the timer to zero and clear its memory of having wrapped. */
void bw_board_timer_restart(void);

/* Ticks since the last restart, modulo 2^32. */
uint32_t bw_board_timer_ticks(void);

/* 1 where the timer passed 2^32 ticks since the last restart, else 0. */
int bw_board_timer_wrapped(void);

/* Ticks per second as the clock was set up; 0 where no timer counts, or the one there is stands still. */
uint32_t bw_board_timer_hz(void);

/* Most bytes of stack in use since reset, and how many there are; both 0 where nobody can tell. */
void bw_board_stack(uint32_t *used, uint32_t *size);

/* Return after 4 * turns + 1 instructions, counted from its first one. `turns` is 1 or more. */
void bw_board_known_loop(uint32_t turns);

/* Return at once: one instruction. */
void bw_board_nothing(uint32_t unused);

/* Switch the light that the application may use. */
void bw_board_led(int on);

/* Hold a pin high while features and model of one sample run, for a meter of energy; does nothing on a board
 * that has no pin for it. */
void bw_board_mark(int on);

#endif
