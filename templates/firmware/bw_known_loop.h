/* SPDX-License-Identifier: Apache-2.0 */
/* The two functions of bw_board.h whose length is known on every Cortex-M; one file of a firmware includes this. */
#ifndef BW_KNOWN_LOOP_H
#define BW_KNOWN_LOOP_H

#include "bw_board.h"

__attribute__((naked)) void bw_board_known_loop(uint32_t turns __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n"
                     "1: nop\n\t"
                     "nop\n\t"
                     "subs r0, r0, #1\n\t"
                     "bne 1b\n\t"
                     "bx lr");
}

__attribute__((naked)) void bw_board_nothing(uint32_t unused __attribute__((unused)))
{
    __asm__ volatile("bx lr");
}

#endif
