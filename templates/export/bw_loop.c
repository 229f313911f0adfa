/* SPDX-License-Identifier: Apache-2.0 */
/* What the shell asks of a board and no framework answers: a loop of known length, and how deep the stack was. */
#include "bw_board.h"

#if defined(__arm__)

#include "bw_known_loop.h"

#else

/* A handful of instructions a turn, not exactly four: enough to see that time grows as the turns do. */
__attribute__((noinline)) void bw_board_known_loop(uint32_t turns)
{
    do {
        __asm__ volatile("nop\n\tnop");
    } while (--turns != 0);
}

__attribute__((noinline)) void bw_board_nothing(uint32_t unused)
{
    (void)unused;
    __asm__ volatile("" ::: "memory");
}

#endif

/* The stack is the framework's, and nobody painted it. */
void bw_board_stack(uint32_t *used, uint32_t *size)
{
    *used = 0;
    *size = 0;
}
