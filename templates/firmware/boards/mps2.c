/* SPDX-License-Identifier: Apache-2.0 */
/* MPS2 with the FPGA images AN386 (Cortex-M4F) and AN500 (Cortex-M7), 25 MHz.
 * Source: Arm DAI 0386 and DAI 0500, memory map; Arm DDI 0479, section 4.2, for the timer. */
#include "cmsdk.h"

#define LEDS REGISTER(0x40028000u)

static struct cmsdk_timer {
    volatile uint32_t control, value, reload, interrupt;
} *const timer = (struct cmsdk_timer *)0x40000000u;

enum { TIMER_ON = 1, TIMER_INTERRUPT = 8 };

static const struct cmsdk_line line = {
    (struct cmsdk_uart *)0x40004000u,
    (volatile uint32_t *)0xE000E100u, /* NVIC_ISER */
    (volatile uint32_t *)0xE000E280u, /* NVIC_ICPR */
    1u << 0,
};

void bw_board_init(void)
{
    cmsdk_init(line, 25000000u / 115200u);
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
    return 25000000u;
}

void bw_board_led(int on)
{
    LEDS = on != 0 ? 1u : 0u;
}

void bw_board_mark(int on)
{
    (void)on;
}
