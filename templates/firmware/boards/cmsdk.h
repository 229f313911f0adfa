/* SPDX-License-Identifier: Apache-2.0 */
/* The serial line of Arm's FPGA images: CMSDK APB UART.
 * Source: Arm DDI 0479, Cortex-M System Design Kit, section 4.3. */
#ifndef BW_CMSDK_H
#define BW_CMSDK_H

#include "bw_board.h"
#include "wait.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

struct cmsdk_uart {
    volatile uint32_t data, state, control, interrupt, divider;
};

enum {
    CMSDK_TX_FULL = 1,
    CMSDK_RX_FULL = 2,
    CMSDK_TX_ON = 1,
    CMSDK_RX_ON = 2,
    CMSDK_RX_INTERRUPT = 8, /* in control */
    CMSDK_RX_CLEAR = 2      /* in interrupt */
};

/* `irqs`: the receive interrupt of the UART, as a bit of `nvic_enable` and `nvic_pending`. */
struct cmsdk_line {
    struct cmsdk_uart *uart;
    volatile uint32_t *nvic_enable, *nvic_pending;
    uint32_t irqs;
};

static inline void cmsdk_init(struct cmsdk_line line, uint32_t divider)
{
    line.uart->divider = divider;
    line.uart->control = CMSDK_TX_ON | CMSDK_RX_ON | CMSDK_RX_INTERRUPT;
    *line.nvic_enable = line.irqs;
}

/* The interrupt wakes the core and is taken back, never taken. */
static inline int cmsdk_read(struct cmsdk_line line)
{
    while ((line.uart->state & CMSDK_RX_FULL) == 0) {
        bw_wait_for_interrupt();
        line.uart->interrupt = CMSDK_RX_CLEAR;
        *line.nvic_pending = line.irqs;
    }
    return (int)(line.uart->data & 0xFFu);
}

static inline void cmsdk_write(struct cmsdk_line line, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        while ((line.uart->state & CMSDK_TX_FULL) != 0) {
        }
        line.uart->data = bytes[i];
    }
}

#endif
