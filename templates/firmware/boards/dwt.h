/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle counter of a core: 32 bits, at the core's clock.
 * Source: Arm DDI 0403E.e, sections C1.6.5 (DEMCR) and C1.8.7, C1.8.8 (DWT_CTRL, DWT_CYCCNT); Arm DDI 0489F for
 * the lock that a Cortex-M7 puts before them, absent and harmless elsewhere. */
#ifndef BW_DWT_H
#define BW_DWT_H

#include <stdint.h>

#define DWT_DEMCR (*(volatile uint32_t *)0xE000EDFCu)
#define DWT_CTRL (*(volatile uint32_t *)0xE0001000u)
#define DWT_CYCCNT (*(volatile uint32_t *)0xE0001004u)
#define DWT_LAR (*(volatile uint32_t *)0xE0001FB0u)

static inline void dwt_start(void)
{
    DWT_DEMCR |= 1u << 24;
    DWT_LAR = 0xC5ACCE55u;
    DWT_CYCCNT = 0;
    DWT_CTRL |= 1u;
}

/* 0 where the counter is missing, locked or not modelled: it reads the same again and again. */
static inline int dwt_counts(void)
{
    uint32_t const first = DWT_CYCCNT;
    for (int i = 0; i < 16; ++i) {
        if (DWT_CYCCNT != first) {
            return 1;
        }
    }
    return 0;
}

#endif
