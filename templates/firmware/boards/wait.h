/* SPDX-License-Identifier: Apache-2.0 */
/* Sleep until the line has a byte. Shared by the boards of a Cortex-M. */
#ifndef BW_WAIT_H
#define BW_WAIT_H

#include <stdint.h>

/* A masked interrupt wakes the core all the same, but not out of a fault's handler, whose priority no
 * interrupt exceeds: there, return at once, and the caller looks again.
 * Source: Arm DDI 0403E.e, section B1.5.19 (WFI wake-up events). */
static inline void bw_wait_for_interrupt(void)
{
    uint32_t handler;
    __asm__ volatile("mrs %0, ipsr" : "=r"(handler));
    if (handler == 0) {
        __asm__ volatile("dsb\n\twfi" ::: "memory");
    }
}

#endif
