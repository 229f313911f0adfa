/* SPDX-License-Identifier: Apache-2.0 */
/* The USART of the newer STM32 families (L4, H7), without its FIFO: one byte waits in the receiver, and the
 * host sends none while a sample is computed. A byte that is lost all the same is told by the frame's CRC.
 * Source: ST RM0351, section 40; RM0433, section 48. */
#ifndef BW_STM32_USART_H
#define BW_STM32_USART_H

#include <stddef.h>
#include <stdint.h>

struct stm32_usart {
    volatile uint32_t cr1, cr2, cr3, brr, gtpr, rtor, rqr, isr, icr, rdr, tdr;
};

enum { USART_RXNE = 1 << 5, USART_TXE = 1 << 7 };

static inline void stm32_usart_init(struct stm32_usart *usart, uint32_t clock_hz, uint32_t baud)
{
    usart->cr1 = 0;
    usart->cr2 = 0;
    usart->cr3 = 1u << 12; /* go on after an overrun */
    usart->brr = (clock_hz + baud / 2u) / baud;
    usart->cr1 = (1u << 3) | (1u << 2) | (1u << 0); /* transmit, receive, on */
}

static inline int stm32_usart_read(struct stm32_usart *usart)
{
    while ((usart->isr & USART_RXNE) == 0) {
    }
    return (int)(usart->rdr & 0xFFu);
}

static inline void stm32_usart_write(struct stm32_usart *usart, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        while ((usart->isr & USART_TXE) == 0) {
        }
        usart->tdr = bytes[i];
    }
}

#endif
