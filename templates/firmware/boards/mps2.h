/* SPDX-License-Identifier: Apache-2.0 */
/* What Arm's MPS2 images with a CMSDK APB timer have in common. A board's file defines where things are (LEDS,
 * TIMER, UART, NVIC_ISER, NVIC_ICPR), the bits of the UART's receive interrupt (IRQS) and CLOCK_HZ, then includes this.
 * Source: Arm DDI 0479, Cortex-M System Design Kit, section 4.2, for the timer. */
#ifndef BW_MPS2_H
#define BW_MPS2_H

#include "cmsdk.h"

static struct cmsdk_timer {
    volatile uint32_t control, value, reload, interrupt;
} *const timer = (struct cmsdk_timer *)TIMER;

enum { TIMER_ON = 1, TIMER_INTERRUPT = 8 };

static const struct cmsdk_line line = {
    (struct cmsdk_uart *)UART,
    (volatile uint32_t *)NVIC_ISER,
    (volatile uint32_t *)NVIC_ICPR,
    IRQS,
};

void bw_board_init(void)
{
    cmsdk_init(line, CLOCK_HZ / 115200u);
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    return cmsdk_read(line);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    cmsdk_write(line, bytes, size);
}

/* Counts down. Its interrupt is never taken: only its flag is read, to know that it wrapped. */
void bw_board_timer_restart(void)
{
    timer->control = 0;
    timer->reload = UINT32_MAX;
    timer->value = UINT32_MAX;
    timer->interrupt = 1;
    timer->control = TIMER_ON | TIMER_INTERRUPT;
}

uint32_t bw_board_timer_ticks(void)
{
    return UINT32_MAX - timer->value;
}

int bw_board_timer_wrapped(void)
{
    return (timer->interrupt & 1u) != 0;
}

uint32_t bw_board_timer_hz(void)
{
    return CLOCK_HZ;
}

void bw_board_led(int on)
{
    LEDS = on != 0 ? 1u : 0u;
}

void bw_board_mark(int on)
{
    (void)on;
}

#endif
