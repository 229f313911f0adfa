/* SPDX-License-Identifier: Apache-2.0 */
/* Nucleo-L476RG (STM32L476RG), 80 MHz from the MSI: USART2 on PA2 and PA3, which the ST-LINK passes on, light
 * LD2 on PA5, mark on PA10 (D2).
 * Source: ST RM0351, sections 3.7 (flash), 6.4 (RCC), 8.4 (GPIO), 40.8 (USART); UM1724, sections 6.4, 6.8. */
#include "stm32.h"
#include "stm32_usart.h"

#define FLASH_ACR REGISTER(0x40022000u)
#define RCC_CR REGISTER(0x40021000u)
#define RCC_CFGR REGISTER(0x40021008u)
#define RCC_PLLCFGR REGISTER(0x4002100Cu)
#define RCC_AHB2ENR REGISTER(0x4002104Cu)
#define RCC_APB1ENR1 REGISTER(0x40021058u)

#define PLL_ON (1u << 24)
#define PLL_READY (1u << 25)

enum { MARK = 10, LED = 5, TX = 2, RX = 3 };

static struct stm32_gpio *const port_a = (struct stm32_gpio *)0x48000000u;
static struct stm32_usart *const usart2 = (struct stm32_usart *)0x40004400u;

/* MSI 4 MHz, as after reset, / 1 x 40 / 2. Range 1 of the regulator is the one after reset. 0: no such clock. */
static int run_at_80_mhz(void)
{
    RCC_PLLCFGR = 1u | (40u << 8) | (1u << 24);
    RCC_CR |= PLL_ON;
    if (!stm32_wait(&RCC_CR, PLL_READY, PLL_READY)) {
        RCC_CR &= ~PLL_ON;
        return 0;
    }
    FLASH_ACR = 0x700u | 4u; /* prefetch and both caches, 4 wait states */
    if (!stm32_wait(&FLASH_ACR, 7u, 4u)) {
        return 0;
    }
    RCC_CFGR = 3u; /* core and buses from the PLL */
    return stm32_wait(&RCC_CFGR, 3u << 2, 3u << 2);
}

void bw_board_init(void)
{
    uint32_t const core = run_at_80_mhz() ? 80000000u : 4000000u;
    RCC_AHB2ENR |= 1u;               /* GPIOA */
    RCC_APB1ENR1 |= (1u << 17) | 1u; /* USART2, TIM2 */
    stm32_output(port_a, LED);
    stm32_output(port_a, MARK);
    stm32_alternate(port_a, TX, 7u);
    stm32_alternate(port_a, RX, 7u);
    stm32_usart_init(usart2, core, BAUD);
    stm32_timer_start(core, core);
}

int bw_board_read(void)
{
    return stm32_usart_read(usart2);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    stm32_usart_write(usart2, bytes, size);
}

void bw_board_led(int on)
{
    stm32_set(port_a, LED, on);
}

void bw_board_mark(int on)
{
    stm32_set(port_a, MARK, on);
}
