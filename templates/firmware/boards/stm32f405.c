/* SPDX-License-Identifier: Apache-2.0 */
/* STM32F405 on the Netduino Plus 2: USART1 on PB6 and PB7, TIM2, light on PA10. The core stays at its reset
 * clock, the 16 MHz of the HSI. QEMU holds bytes back until they are read; the part's receiver holds one, so
 * there the host must not send while a sample is computed. The timer is QEMU's: see nucleo_f446re.c for a part
 * of this family at full speed, timed by its cycle counter.
 * Source: ST RM0090, sections 7 (RCC), 8 (GPIO), 18 (TIM2), 30 (USART). */
#include "bw_board.h"
#include "wait.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB1ENR REGISTER(0x40023840u)
#define RCC_APB2ENR REGISTER(0x40023844u)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOA_BSRR REGISTER(0x40020018u)
#define GPIOB_MODER REGISTER(0x40020400u)
#define GPIOB_AFRL REGISTER(0x40020420u)
#define USART_SR REGISTER(0x40011000u)
#define USART_DR REGISTER(0x40011004u)
#define USART_BRR REGISTER(0x40011008u)
#define USART_CR1 REGISTER(0x4001100Cu)
#define TIM2_CR1 REGISTER(0x40000000u)
#define TIM2_DIER REGISTER(0x4000000Cu)
#define TIM2_SR REGISTER(0x40000010u)
#define TIM2_EGR REGISTER(0x40000014u)
#define TIM2_CNT REGISTER(0x40000024u)
#define TIM2_PSC REGISTER(0x40000028u)
#define TIM2_ARR REGISTER(0x4000002Cu)

#define NVIC_ISER1 REGISTER(0xE000E104u)
#define NVIC_ICPR1 REGISTER(0xE000E284u)
#define USART1_INTERRUPT (1u << 5) /* number 37 */

enum { USART_RXNE = 1 << 5, USART_TXE = 1 << 7 };

/* QEMU clocks TIM2 with 1 GHz; divided by 40 it wraps after 172 s and not after 4. */
#define TIMER_DIVIDER 40u

void bw_board_init(void)
{
    RCC_AHB1ENR |= 3u;        /* GPIOA, GPIOB */
    RCC_APB1ENR |= 1u;        /* TIM2 */
    RCC_APB2ENR |= 1u << 4;   /* USART1 */
    GPIOA_MODER = (GPIOA_MODER & ~(3u << 20)) | (1u << 20);
    GPIOB_MODER = (GPIOB_MODER & ~(0xFu << 12)) | (0xAu << 12);
    GPIOB_AFRL = (GPIOB_AFRL & ~(0xFFu << 24)) | (0x77u << 24);
    USART_BRR = 0x8Bu; /* 115200 baud from 16 MHz */
    USART_CR1 = (1u << 13) | (1u << 5) | (1u << 3) | (1u << 2);
    NVIC_ISER1 = USART1_INTERRUPT;
    TIM2_PSC = TIMER_DIVIDER - 1u;
    TIM2_ARR = UINT32_MAX;
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    /* The interrupt wakes the core and is taken back, never taken. */
    while ((USART_SR & USART_RXNE) == 0) {
        bw_wait_for_interrupt();
        NVIC_ICPR1 = USART1_INTERRUPT;
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

/* The update interrupt is enabled in the timer only, so that its flag tells of a wrap; it is never taken. */
void bw_board_timer_restart(void)
{
    TIM2_CR1 = 0;
    TIM2_EGR = 1; /* counter to 0, divider loaded */
    TIM2_SR = 0;
    TIM2_DIER = 1;
    TIM2_CR1 = 1;
}

uint32_t bw_board_timer_ticks(void)
{
    return TIM2_CNT;
}

int bw_board_timer_wrapped(void)
{
    return (TIM2_SR & 1u) != 0;
}

uint32_t bw_board_timer_hz(void)
{
    return 25000000u; /* in QEMU; on the part 16 MHz / 40 */
}

void bw_board_led(int on)
{
    GPIOA_BSRR = on != 0 ? 1u << 10 : 1u << 26;
}

void bw_board_mark(int on)
{
    (void)on;
}
