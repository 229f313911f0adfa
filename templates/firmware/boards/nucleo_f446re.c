/* SPDX-License-Identifier: Apache-2.0 */
/* Nucleo-F446RE (STM32F446RE), 168 MHz from the HSI: USART2 on PA2 and PA3, which the ST-LINK passes on, light
 * LD2 on PA5, mark on PA10 (D2).
 * Source: ST RM0390, sections 3.4 (flash), 6.3 (RCC), 7.4 (GPIO), 25.6 (USART); UM1724, sections 6.4, 6.8. */
#include "stm32.h"

#define FLASH_ACR REGISTER(0x40023C00u)
#define RCC_CR REGISTER(0x40023800u)
#define RCC_PLLCFGR REGISTER(0x40023804u)
#define RCC_CFGR REGISTER(0x40023808u)
#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB1ENR REGISTER(0x40023840u)
#define USART_SR REGISTER(0x40004400u)
#define USART_DR REGISTER(0x40004404u)
#define USART_BRR REGISTER(0x40004408u)
#define USART_CR1 REGISTER(0x4000440Cu)

#define PLL_ON (1u << 24)
#define PLL_READY (1u << 25)

enum { USART_RXNE = 1 << 5, USART_TXE = 1 << 7 };
enum { MARK = 10, LED = 5, TX = 2, RX = 3 };

static struct stm32_gpio *const port_a = (struct stm32_gpio *)0x40020000u;

/* HSI 16 MHz / 8 x 168 / 2. Scale 1 of the regulator, needed for it, is the one after reset. 0: no such clock. */
static int run_at_168_mhz(void)
{
    RCC_PLLCFGR = 8u | (168u << 6) | (0u << 16) | (7u << 24) | (2u << 28);
    RCC_CR |= PLL_ON;
    if (!stm32_wait(&RCC_CR, PLL_READY, PLL_READY)) {
        RCC_CR &= ~PLL_ON;
        return 0;
    }
    FLASH_ACR = 0x700u | 5u; /* prefetch and both caches, 5 wait states */
    RCC_CFGR = (5u << 10) | (4u << 13) | 2u; /* APB1 a quarter, APB2 half, core from the PLL */
    return stm32_wait(&RCC_CFGR, 3u << 2, 2u << 2);
}

void bw_board_init(void)
{
    int const fast = run_at_168_mhz();
    uint32_t const core = fast ? 168000000u : 16000000u;
    uint32_t const apb1 = fast ? core / 4u : core;
    RCC_AHB1ENR |= 1u;                /* GPIOA */
    RCC_APB1ENR |= (1u << 17) | 1u;   /* USART2, TIM2 */
    stm32_output(port_a, LED);
    stm32_output(port_a, MARK);
    stm32_alternate(port_a, TX, 7u);
    stm32_alternate(port_a, RX, 7u);
    USART_BRR = (apb1 + BAUD / 2u) / BAUD;
    USART_CR1 = (1u << 13) | (1u << 3) | (1u << 2);
    stm32_timer_start(core, fast ? core / 2u : core);
}

/* The receiver holds one byte, and the host sends none while a sample is computed. Reading the status and then
 * the byte also ends an overrun. */
int bw_board_read(void)
{
    while ((USART_SR & USART_RXNE) == 0) {
    }
    return (int)(USART_DR & 0xFFu);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        while ((USART_SR & USART_TXE) == 0) {
        }
        USART_DR = bytes[i];
    }
}

void bw_board_led(int on)
{
    stm32_set(port_a, LED, on);
}

void bw_board_mark(int on)
{
    stm32_set(port_a, MARK, on);
}
