/* SPDX-License-Identifier: Apache-2.0 */
/* Arduino Portenta H7 (STM32H747XI), its Cortex-M7, started by Arduino's boot loader: USART1 on PA9 and PA10 (D14
 * and D13; its USB would need a stack), the green light on PK6, mark on PA8 (D6).
 *
 * The core runs from the HSI, 64 MHz. The supply and with it the voltage are the boot loader's: they can be chosen
 * once after power-on, and a wrong choice stops the part until the supply is cut.
 * Source: ST RM0399, sections 9.7 (RCC), 12.4 (GPIO), 52.8 (USART); Arduino ABX00042, pinout. */
#include "m7_caches.h"
#include "stm32.h"
#include "stm32_usart.h"

#define CORE_HZ 64000000u

#define MPU_CTRL REGISTER(0xE000ED94u)
#define RCC_CR REGISTER(0x58024400u)
#define RCC_CFGR REGISTER(0x58024410u)
#define RCC_D1CFGR REGISTER(0x58024418u)
#define RCC_D2CFGR REGISTER(0x5802441Cu)
#define RCC_D3CFGR REGISTER(0x58024420u)
#define RCC_D2CCIP2R REGISTER(0x58024454u)
#define RCC_AHB4ENR REGISTER(0x580244E0u)
#define RCC_APB1LENR REGISTER(0x580244E8u)
#define RCC_APB2ENR REGISTER(0x580244F0u)

#define HSI_READY (1u << 2)

enum { MARK = 8, LED = 6, TX = 9, RX = 10 };

static struct stm32_gpio *const port_a = (struct stm32_gpio *)0x58020000u;
static struct stm32_gpio *const port_k = (struct stm32_gpio *)0x58022800u;
static struct stm32_usart *const usart1 = (struct stm32_usart *)0x40011000u;

/* Everything at the HSI's rate. The wait states of the flash stay as they are, enough for a faster core. */
static int run_at_64_mhz(void)
{
    RCC_CR = (RCC_CR & ~(3u << 3)) | 1u;
    if (!stm32_wait(&RCC_CR, HSI_READY, HSI_READY)) {
        return 0;
    }
    RCC_CFGR &= ~7u;
    if (!stm32_wait(&RCC_CFGR, 7u << 3, 0u)) {
        return 0;
    }
    RCC_D1CFGR = 0;
    RCC_D2CFGR = 0;
    RCC_D3CFGR = 0;
    RCC_D2CCIP2R &= ~(7u << 3); /* USART1 from its bus */
    return 1;
}

void bw_board_init(void)
{
    MPU_CTRL = 0; /* the boot loader's regions are not ours */
    m7_caches_on();
    int const known = run_at_64_mhz();
    RCC_AHB4ENR |= (1u << 10) | 1u; /* GPIOK, GPIOA */
    RCC_APB1LENR |= 1u;             /* TIM2 */
    RCC_APB2ENR |= 1u << 4;         /* USART1 */
    (void)RCC_APB2ENR;              /* on before the first access */
    bw_board_led(0);
    stm32_output(port_k, LED);
    stm32_output(port_a, MARK);
    stm32_alternate(port_a, TX, 7u);
    stm32_alternate(port_a, RX, 7u);
    stm32_usart_init(usart1, CORE_HZ, BAUD);
    stm32_timer_start(CORE_HZ, CORE_HZ);
    if (!known) {
        core_hz = 0;
    }
}

int bw_board_read(void)
{
    return stm32_usart_read(usart1);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    stm32_usart_write(usart1, bytes, size);
}

/* Lit while the pin is low. */
void bw_board_led(int on)
{
    stm32_set(port_k, LED, on == 0);
}

void bw_board_mark(int on)
{
    stm32_set(port_a, MARK, on);
}
