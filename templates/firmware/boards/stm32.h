/* SPDX-License-Identifier: Apache-2.0 */
/* What the STM32 families have in common: GPIO, a bounded wait, and the timing of their boards.
 * Included once, by the support file of a board: it defines the timer of bw_board.h.
 *
 * The cycle counter of the core measures; TIM2, of 32 bits on all of them, tells whether it wrapped.
 * Source: ST RM0390, RM0351 and RM0433, chapters GPIO and TIM2: the same registers. */
#ifndef BW_STM32_H
#define BW_STM32_H

#include "bw_board.h"
#include "dwt.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define TIM2_CR1 REGISTER(0x40000000u)
#define TIM2_EGR REGISTER(0x40000014u)
#define TIM2_CNT REGISTER(0x40000024u)
#define TIM2_PSC REGISTER(0x40000028u)
#define TIM2_ARR REGISTER(0x4000002Cu)

#define BAUD 115200u
#define TIM2_DIVIDER 65536u
#define PATIENCE 1000000 /* looks at a register; a clock that is sound is ready long before */

struct stm32_gpio {
    volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afr[2];
};

static inline void stm32_mode(struct stm32_gpio *port, unsigned pin, uint32_t mode)
{
    port->moder = (port->moder & ~(3u << (2u * pin))) | (mode << (2u * pin));
}

static inline void stm32_output(struct stm32_gpio *port, unsigned pin)
{
    stm32_mode(port, pin, 1u);
}

static inline void stm32_alternate(struct stm32_gpio *port, unsigned pin, uint32_t function)
{
    unsigned const shift = 4u * (pin % 8u);
    volatile uint32_t *const afr = &port->afr[pin / 8u];
    *afr = (*afr & ~(0xFu << shift)) | (function << shift);
    stm32_mode(port, pin, 2u);
}

static inline void stm32_set(struct stm32_gpio *port, unsigned pin, int on)
{
    port->bsrr = on != 0 ? 1u << pin : 1u << (pin + 16u);
}

/* Wait until the bits of `mask` are `value`; 0 where they never are. */
static inline int stm32_wait(volatile uint32_t *place, uint32_t mask, uint32_t value)
{
    for (int i = 0; i < PATIENCE; ++i) {
        if ((*place & mask) == value) {
            return 1;
        }
    }
    return 0;
}

static uint32_t core_hz;   /* 0: its counter stands still */
static uint32_t wrap_ticks; /* of TIM2, after which the cycle counter may have wrapped */

/* `timer_hz` is the clock of TIM2, which must be on. Afterwards, bw_board_timer_hz() tells the truth. */
static inline void stm32_timer_start(uint32_t hz, uint32_t timer_hz)
{
    TIM2_PSC = TIM2_DIVIDER - 1u;
    TIM2_ARR = UINT32_MAX;
    wrap_ticks = (UINT32_MAX / TIM2_DIVIDER) / (hz / timer_hz);
    dwt_start();
    core_hz = dwt_counts() ? hz : 0u;
    bw_board_timer_restart();
}

void bw_board_timer_restart(void)
{
    TIM2_CR1 = 0;
    TIM2_EGR = 1; /* counter to 0, divider loaded */
    TIM2_CR1 = 1;
    DWT_CYCCNT = 0;
}

uint32_t bw_board_timer_ticks(void)
{
    return DWT_CYCCNT;
}

int bw_board_timer_wrapped(void)
{
    return TIM2_CNT >= wrap_ticks;
}

uint32_t bw_board_timer_hz(void)
{
    return core_hz;
}

#endif
