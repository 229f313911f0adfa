/* SPDX-License-Identifier: Apache-2.0 */
/* Raspberry Pi Pico (RP2040), 125 MHz from the crystal: UART0 on GP0 and GP1, light on GP25, mark on GP2.
 *
 * The program runs from flash, read over one line through the cache of 16 KB: every flash chip can do that, and it
 * is slower than what the SDK sets up for the chips it knows. The receiver holds 32 bytes, and the host sends none
 * while a sample is computed.
 * Source: RP2040 datasheet, sections 2.8.1 (boot), 2.14 (resets), 2.15 (clocks), 2.16 (crystal), 2.18 (PLL), 2.3.1
 * (SIO), 2.19 (GPIO), 4.2 (UART), 4.6 (timer), 4.7 (tick), 4.10 (SSI). */
#include "bw_board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define AND_NOT(address) (*(volatile uint32_t *)((address) + 0x3000u)) /* clears the bits that are written */

#define CORE_HZ 125000000u
#define CYCLES_PER_US (CORE_HZ / 1000000u)
#define PATIENCE 1000000 /* looks at a register; a clock that is sound is ready long before */

#define RESETS 0x4000C000u
#define RESETS_DONE REGISTER(0x4000C008u)
#define NEEDED ((1u << 22) | (1u << 21) | (1u << 12) | (1u << 8) | (1u << 5)) /* UART0, timer, PLL, pads, pins */

#define XOSC_CTRL REGISTER(0x40024000u)
#define XOSC_STATUS REGISTER(0x40024004u)
#define XOSC_STARTUP REGISTER(0x4002400Cu)
#define CLK_REF_CTRL REGISTER(0x40008030u)
#define CLK_REF_SELECTED REGISTER(0x40008038u)
#define CLK_SYS_CTRL REGISTER(0x4000803Cu)
#define CLK_SYS_DIV REGISTER(0x40008040u)
#define CLK_SYS_SELECTED REGISTER(0x40008044u)
#define CLK_PERI_CTRL REGISTER(0x40008048u)
#define PLL_CS REGISTER(0x40028000u)
#define PLL_PWR 0x40028004u
#define PLL_FBDIV REGISTER(0x40028008u)
#define PLL_PRIM REGISTER(0x4002800Cu)
#define WATCHDOG_TICK REGISTER(0x4005802Cu)

#define GPIO_CTRL(pin) REGISTER(0x40014004u + 8u * (pin))
#define SIO_OUT_SET REGISTER(0xD0000014u)
#define SIO_OUT_CLEAR REGISTER(0xD0000018u)
#define SIO_ENABLE_SET REGISTER(0xD0000024u)

#define UART_DATA REGISTER(0x40034000u)
#define UART_FLAGS REGISTER(0x40034018u)
#define UART_INTEGER REGISTER(0x40034024u)
#define UART_FRACTION REGISTER(0x40034028u)
#define UART_LINE REGISTER(0x4003402Cu)
#define UART_CONTROL REGISTER(0x40034030u)

#define TIMER_LOW REGISTER(0x40054028u)
#define SYSTICK_CONTROL REGISTER(0xE000E010u)
#define SYSTICK_RELOAD REGISTER(0xE000E014u)
#define SYSTICK_VALUE REGISTER(0xE000E018u)
#define SYSTICK_MASK 0xFFFFFFu

enum { UART_RX_EMPTY = 1 << 4, UART_TX_FULL = 1 << 5 };
enum { TX = 0, RX = 1, MARK = 2, LED = 25 };
enum { FUNCTION_UART = 2, FUNCTION_SIO = 5 };

static uint32_t core_hz;
static uint32_t since_value, since_us;

/* The second stage: the boot ROM copies these 256 bytes into RAM, compares their CRC, which the build writes, and
 * runs them there. They let the flash be read at its address by the command 03h, at a quarter of the core's clock,
 * and start the program behind them. */
__attribute__((naked, used, section(".boot2"))) static void boot2(void)
{
    __asm__ volatile(".syntax unified\n\t"
                     "ldr r3, =0x18000000\n\t" /* SSI */
                     "movs r0, #0\n\t"
                     "str r0, [r3, #0x08]\n\t" /* SSIENR: off */
                     "movs r0, #4\n\t"
                     "str r0, [r3, #0x14]\n\t" /* BAUDR */
                     "ldr r0, =0x001F0300\n\t" /* 32 bits a frame, EEPROM read, one line */
                     "str r0, [r3, #0x00]\n\t" /* CTRLR0 */
                     "movs r0, #0\n\t"
                     "str r0, [r3, #0x04]\n\t" /* CTRLR1: one frame */
                     "ldr r0, =0x03000218\n\t" /* command 03h of 8 bits, address of 24 bits */
                     "ldr r1, =0x180000F4\n\t"
                     "str r0, [r1]\n\t"        /* SPI_CTRLR0 */
                     "movs r0, #1\n\t"
                     "str r0, [r3, #0x08]\n\t" /* SSIENR: on */
                     "ldr r0, =0x10000100\n\t" /* the vector table */
                     "ldr r1, =0xE000ED08\n\t"
                     "str r0, [r1]\n\t"        /* VTOR */
                     "ldr r1, [r0]\n\t"
                     "msr msp, r1\n\t"
                     "ldr r1, [r0, #4]\n\t"
                     "bx r1\n\t"
                     ".ltorg\n\t"
                     ".org 252\n\t"
                     ".word 0");
}

static int wait_for(volatile uint32_t *place, uint32_t mask)
{
    for (int i = 0; i < PATIENCE; ++i) {
        if ((*place & mask) == mask) {
            return 1;
        }
    }
    return 0;
}

/* Crystal 12 MHz x 125 / 6 / 2. The 64-bit timer counts microseconds of the same crystal. */
static int run_at_125_mhz(void)
{
    XOSC_STARTUP = 47; /* x 256 cycles: 1 ms */
    XOSC_CTRL = 0xAA0u | (0xFABu << 12);
    if (!wait_for(&XOSC_STATUS, 1u << 31)) {
        return 0;
    }
    CLK_SYS_CTRL = 0; /* the reference clock, while the PLL changes */
    if (!wait_for(&CLK_SYS_SELECTED, 1u)) {
        return 0;
    }
    CLK_REF_CTRL = 2; /* the crystal */
    if (!wait_for(&CLK_REF_SELECTED, 4u)) {
        return 0;
    }
    WATCHDOG_TICK = 12u | (1u << 9);
    PLL_CS = 1;
    PLL_FBDIV = 125;
    AND_NOT(PLL_PWR) = (1u << 5) | 1u;
    if (!wait_for(&PLL_CS, 1u << 31)) {
        return 0;
    }
    PLL_PRIM = (6u << 16) | (2u << 12);
    AND_NOT(PLL_PWR) = 1u << 3;
    CLK_SYS_DIV = 1u << 8;
    CLK_SYS_CTRL = 1; /* the PLL */
    return wait_for(&CLK_SYS_SELECTED, 2u);
}

static int systick_counts(void)
{
    uint32_t const first = SYSTICK_VALUE;
    for (int i = 0; i < 16; ++i) {
        if (SYSTICK_VALUE != first) {
            return 1;
        }
    }
    return 0;
}

static void uart_init(void)
{
    GPIO_CTRL(TX) = FUNCTION_UART;
    GPIO_CTRL(RX) = FUNCTION_UART;
    CLK_PERI_CTRL = 1u << 11; /* from the core's clock */
    UART_INTEGER = 67;        /* 125 MHz / 16 / 115200 = 67 + 52 / 64 */
    UART_FRACTION = 52;
    UART_LINE = (3u << 5) | (1u << 4); /* 8 bits, FIFO */
    UART_CONTROL = (1u << 9) | (1u << 8) | 1u;
}

void bw_board_init(void)
{
    AND_NOT(RESETS) = NEEDED;
    int const fast = wait_for(&RESETS_DONE, NEEDED) && run_at_125_mhz();
    uart_init();
    GPIO_CTRL(LED) = FUNCTION_SIO;
    GPIO_CTRL(MARK) = FUNCTION_SIO;
    SIO_ENABLE_SET = (1u << LED) | (1u << MARK);
    SYSTICK_RELOAD = SYSTICK_MASK;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 5; /* the core's clock, no interrupt */
    core_hz = fast && systick_counts() ? CORE_HZ : 0u;
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    while ((UART_FLAGS & UART_RX_EMPTY) != 0) {
    }
    return (int)(UART_DATA & 0xFFu);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        while ((UART_FLAGS & UART_TX_FULL) != 0) {
        }
        UART_DATA = bytes[i];
    }
}

void bw_board_timer_restart(void)
{
    since_value = SYSTICK_VALUE;
    since_us = TIMER_LOW;
}

/* SysTick has 24 bits: how often it went round, the timer tells. */
uint32_t bw_board_timer_ticks(void)
{
    uint32_t const cycles = (since_value - SYSTICK_VALUE) & SYSTICK_MASK; /* counts down */
    uint32_t const about = (TIMER_LOW - since_us) * CYCLES_PER_US;
    uint32_t const rounds = (about - cycles + (SYSTICK_MASK + 1u) / 2u) >> 24;
    return (rounds << 24) + cycles;
}

int bw_board_timer_wrapped(void)
{
    return TIMER_LOW - since_us >= UINT32_MAX / CYCLES_PER_US;
}

uint32_t bw_board_timer_hz(void)
{
    return core_hz;
}

void bw_board_led(int on)
{
    *(on != 0 ? &SIO_OUT_SET : &SIO_OUT_CLEAR) = 1u << LED;
}

void bw_board_mark(int on)
{
    *(on != 0 ? &SIO_OUT_SET : &SIO_OUT_CLEAR) = 1u << MARK;
}
