/* SPDX-License-Identifier: Apache-2.0 */
/* The serial line of Arm's FPGA images: CMSDK APB UART.
 * Source: Arm DDI 0479, Cortex-M System Design Kit, section 4.3. */
#ifndef BW_CMSDK_H
#define BW_CMSDK_H

#include "bw_board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

struct cmsdk_uart {
    volatile uint32_t data, state, control, interrupt, divider;
};

enum { CMSDK_TX_FULL = 1, CMSDK_RX_FULL = 2, CMSDK_TX_ON = 1, CMSDK_RX_ON = 2 };

static inline void cmsdk_uart_init(struct cmsdk_uart *uart, uint32_t divider)
{
    uart->divider = divider;
    uart->control = CMSDK_TX_ON | CMSDK_RX_ON;
}

static inline int cmsdk_uart_read(struct cmsdk_uart *uart)
{
    while ((uart->state & CMSDK_RX_FULL) == 0) {
    }
    return (int)(uart->data & 0xFFu);
}

static inline void cmsdk_uart_write(struct cmsdk_uart *uart, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        while ((uart->state & CMSDK_TX_FULL) != 0) {
        }
        uart->data = bytes[i];
    }
}

#endif
