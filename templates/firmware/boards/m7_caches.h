/* SPDX-License-Identifier: Apache-2.0 */
/* Both caches of a Cortex-M7, on. No DMA is in use, so nothing else looks at the memory behind them.
 * Source: Arm DDI 0403E.e, sections B2.2 and B3.2; Arm DDI 0489F, section 4.3 (cache identification). */
#ifndef BW_M7_CACHES_H
#define BW_M7_CACHES_H

#include <stdint.h>

#define M7_CCR (*(volatile uint32_t *)0xE000ED14u)
#define M7_CCSIDR (*(volatile uint32_t *)0xE000ED80u)
#define M7_CSSELR (*(volatile uint32_t *)0xE000ED84u)
#define M7_ICIALLU (*(volatile uint32_t *)0xE000EF50u)
#define M7_DCISW (*(volatile uint32_t *)0xE000EF60u)

enum { M7_DATA_CACHE = 1 << 16, M7_INSTRUCTION_CACHE = 1 << 17 };

static inline void m7_barrier(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/* A cache that a boot loader left on is left alone: its lines may hold what memory does not. */
static inline void m7_caches_on(void)
{
    if ((M7_CCR & M7_INSTRUCTION_CACHE) == 0) {
        M7_ICIALLU = 0;
        m7_barrier();
        M7_CCR |= M7_INSTRUCTION_CACHE;
        m7_barrier();
    }
    if ((M7_CCR & M7_DATA_CACHE) == 0) {
        M7_CSSELR = 0; /* the data cache of level 1: 32 bytes a line, 4 ways */
        m7_barrier();
        uint32_t const sets = (M7_CCSIDR >> 13) & 0x7FFFu;
        uint32_t const ways = (M7_CCSIDR >> 3) & 0x3FFu;
        for (uint32_t set = 0; set <= sets; ++set) {
            for (uint32_t way = 0; way <= ways; ++way) {
                M7_DCISW = (way << 30) | (set << 5);
            }
        }
        m7_barrier();
        M7_CCR |= M7_DATA_CACHE;
        m7_barrier();
    }
}

#endif
