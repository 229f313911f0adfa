/* SPDX-License-Identifier: Apache-2.0 */
/* Nucleo-H743ZI (STM32H743ZI), 400 MHz from the HSI, both caches on: USART3 on PD8 and PD9, which the ST-LINK
 * passes on, light LD1 on PB0, mark on PA8.
 * Source: ST RM0433, sections 4.9 (flash), 6.8 (PWR), 8.7 (RCC), 11.4 (GPIO), 48.8 (USART); UM1974, section 6. */
#include "m7_caches.h"
#include "stm32.h"
#include "stm32_usart.h"

#define FLASH_ACR REGISTER(0x52002000u)
#define PWR_CSR1 REGISTER(0x58024804u)
#define PWR_CR3 REGISTER(0x5802480Cu)
#define PWR_D3CR REGISTER(0x58024818u)
#define RCC_CR REGISTER(0x58024400u)
#define RCC_CFGR REGISTER(0x58024410u)
#define RCC_D1CFGR REGISTER(0x58024418u)
#define RCC_D2CFGR REGISTER(0x5802441Cu)
#define RCC_D3CFGR REGISTER(0x58024420u)
#define RCC_PLLCKSELR REGISTER(0x58024428u)
#define RCC_PLLCFGR REGISTER(0x5802442Cu)
#define RCC_PLL1DIVR REGISTER(0x58024430u)
#define RCC_AHB4ENR REGISTER(0x580244E0u)
#define RCC_APB1LENR REGISTER(0x580244E8u)

#define PLL_ON (1u << 24)
#define PLL_READY (1u << 25)
#define VOLTAGE_READY (1u << 13)

enum { MARK = 8, LED = 0, TX = 8, RX = 9 };

static struct stm32_gpio *const port_a = (struct stm32_gpio *)0x58020000u;
static struct stm32_gpio *const port_b = (struct stm32_gpio *)0x58020400u;
static struct stm32_gpio *const port_d = (struct stm32_gpio *)0x58020C00u;
static struct stm32_usart *const usart3 = (struct stm32_usart *)0x40004800u;

/* HSI 64 MHz / 4 x 50 / 2; buses at 200 MHz, peripherals at 100 MHz. The board feeds the core through the LDO,
 * which is to be confirmed before the voltage can change. 0: no such clock. */
static int run_at_400_mhz(void)
{
    PWR_CR3 = (PWR_CR3 & ~5u) | 2u;
    if (!stm32_wait(&PWR_CSR1, VOLTAGE_READY, VOLTAGE_READY)) {
        return 0;
    }
    PWR_D3CR = (PWR_D3CR & ~(3u << 14)) | (3u << 14); /* scale 1 */
    if (!stm32_wait(&PWR_D3CR, VOLTAGE_READY, VOLTAGE_READY)) {
        return 0;
    }
    RCC_PLLCKSELR = (RCC_PLLCKSELR & ~((0x3Fu << 4) | 3u)) | (4u << 4);
    RCC_PLLCFGR = (RCC_PLLCFGR & ~0xFu) | (3u << 2) | (1u << 16); /* 8 to 16 MHz in, wide, output P */
    RCC_PLL1DIVR = (50u - 1u) | ((2u - 1u) << 9) | ((2u - 1u) << 16) | ((2u - 1u) << 24);
    RCC_CR |= PLL_ON;
    if (!stm32_wait(&RCC_CR, PLL_READY, PLL_READY)) {
        RCC_CR &= ~PLL_ON;
        return 0;
    }
    FLASH_ACR = (2u << 4) | 2u;
    RCC_D1CFGR = 8u | (4u << 4); /* AHB half, APB3 half of that */
    RCC_D2CFGR = (4u << 4) | (4u << 8);
    RCC_D3CFGR = 4u << 4;
    RCC_CFGR = (RCC_CFGR & ~7u) | 3u;
    return stm32_wait(&RCC_CFGR, 7u << 3, 3u << 3);
}

void bw_board_init(void)
{
    m7_caches_on();
    int const fast = run_at_400_mhz();
    uint32_t const core = fast ? 400000000u : 64000000u;
    uint32_t const apb1 = fast ? core / 4u : core;
    RCC_AHB4ENR |= (1u << 3) | (1u << 1) | 1u; /* GPIOD, GPIOB, GPIOA */
    RCC_APB1LENR |= (1u << 18) | 1u;           /* USART3, TIM2 */
    (void)RCC_APB1LENR;                        /* on before the first access */
    stm32_output(port_b, LED);
    stm32_output(port_a, MARK);
    stm32_alternate(port_d, TX, 7u);
    stm32_alternate(port_d, RX, 7u);
    stm32_usart_init(usart3, apb1, BAUD);
    stm32_timer_start(core, fast ? core / 2u : core);
}

int bw_board_read(void)
{
    return stm32_usart_read(usart3);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    stm32_usart_write(usart3, bytes, size);
}

void bw_board_led(int on)
{
    stm32_set(port_b, LED, on);
}

void bw_board_mark(int on)
{
    stm32_set(port_a, MARK, on);
}
