/* SPDX-License-Identifier: Apache-2.0 */
/* Arduino Nano 33 BLE (nRF52840), 64 MHz, started by Arduino's boot loader: UART0 on D1 (P1.03, sends) and D0
 * (P1.10, receives), for its USB would need a stack; light on P0.13, mark on D2 (P1.11).
 *
 * The cycle counter of the core measures; TIMER0, at 31,250 Hz, tells whether it wrapped. The receiver holds six
 * bytes, and the host sends none while a sample is computed.
 * Source: Nordic nRF52840 PS v1.7, sections 4.3 (NVMC), 5.4 (CLOCK), 6.9 (GPIO), 6.30 (TIMER), 6.33 (UART). */
#include "bw_board.h"
#include "dwt.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CORE_HZ 64000000u
#define WRAP_TICKS (UINT32_MAX / (CORE_HZ / 31250u))
#define PATIENCE 1000000 /* looks at a register; the crystal is ready long before */

#define MPU_CTRL REGISTER(0xE000ED94u)
#define NVMC_ICACHECNF REGISTER(0x4001E540u)
#define CLOCK_HFCLKSTART REGISTER(0x40000000u)
#define CLOCK_HFCLKSTARTED REGISTER(0x40000100u)

#define UART_STARTRX REGISTER(0x40002000u)
#define UART_STARTTX REGISTER(0x40002008u)
#define UART_RXDRDY REGISTER(0x40002108u)
#define UART_TXDRDY REGISTER(0x4000211Cu)
#define UART_INTENCLR REGISTER(0x40002308u)
#define UART_ENABLE REGISTER(0x40002500u)
#define UART_PSEL_RTS REGISTER(0x40002508u)
#define UART_PSEL_TXD REGISTER(0x4000250Cu)
#define UART_PSEL_CTS REGISTER(0x40002510u)
#define UART_PSEL_RXD REGISTER(0x40002514u)
#define UART_RXD REGISTER(0x40002518u)
#define UART_TXD REGISTER(0x4000251Cu)
#define UART_BAUDRATE REGISTER(0x40002524u)
#define UART_CONFIG REGISTER(0x4000256Cu)

#define TIMER_START REGISTER(0x40008000u)
#define TIMER_STOP REGISTER(0x40008004u)
#define TIMER_CLEAR REGISTER(0x4000800Cu)
#define TIMER_CAPTURE REGISTER(0x40008040u)
#define TIMER_MODE REGISTER(0x40008504u)
#define TIMER_BITMODE REGISTER(0x40008508u)
#define TIMER_PRESCALER REGISTER(0x40008510u)
#define TIMER_CC REGISTER(0x40008540u)

struct nrf_gpio { /* from OUTSET on */
    volatile uint32_t outset, outclr, in, dir, dirset, dirclr;
};

static struct nrf_gpio *const port_0 = (struct nrf_gpio *)0x50000508u;
static struct nrf_gpio *const port_1 = (struct nrf_gpio *)0x50000808u;

enum { LED = 13, MARK = 11, TX = 3, RX = 10 };

#define PIN_OF_PORT_1(pin) (32u + (uint32_t)(pin))
#define DISCONNECTED UINT32_MAX

static uint32_t core_hz;

static int run_from_crystal(void)
{
    CLOCK_HFCLKSTARTED = 0;
    CLOCK_HFCLKSTART = 1;
    for (int i = 0; i < PATIENCE; ++i) {
        if (CLOCK_HFCLKSTARTED != 0) {
            return 1;
        }
    }
    return 0;
}

static void uart_init(void)
{
    port_1->outset = 1u << TX;
    port_1->dirset = 1u << TX;
    UART_ENABLE = 0;
    UART_INTENCLR = UINT32_MAX;
    UART_PSEL_RTS = DISCONNECTED;
    UART_PSEL_CTS = DISCONNECTED;
    UART_PSEL_TXD = PIN_OF_PORT_1(TX);
    UART_PSEL_RXD = PIN_OF_PORT_1(RX);
    UART_BAUDRATE = 0x01D7E000u; /* 115200 */
    UART_CONFIG = 0;
    UART_ENABLE = 4;
    UART_RXDRDY = 0;
    UART_STARTRX = 1;
    UART_STARTTX = 1;
}

void bw_board_init(void)
{
    MPU_CTRL = 0; /* the boot loader's regions are not ours */
    NVMC_ICACHECNF = 1;
    int const crystal = run_from_crystal();
    port_0->dirset = 1u << LED;
    port_1->dirset = 1u << MARK;
    uart_init();
    TIMER_STOP = 1;
    TIMER_MODE = 0;
    TIMER_BITMODE = 3;   /* 32 bits */
    TIMER_PRESCALER = 9; /* 16 MHz / 2^9 */
    dwt_start();
    core_hz = crystal && dwt_counts() ? CORE_HZ : 0u;
    bw_board_timer_restart();
    TIMER_START = 1;
}

int bw_board_read(void)
{
    while (UART_RXDRDY == 0) {
    }
    UART_RXDRDY = 0;
    return (int)(UART_RXD & 0xFFu);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        UART_TXDRDY = 0;
        UART_TXD = bytes[i];
        while (UART_TXDRDY == 0) {
        }
    }
}

void bw_board_timer_restart(void)
{
    TIMER_CLEAR = 1;
    DWT_CYCCNT = 0;
}

uint32_t bw_board_timer_ticks(void)
{
    return DWT_CYCCNT;
}

int bw_board_timer_wrapped(void)
{
    TIMER_CAPTURE = 1;
    return TIMER_CC >= WRAP_TICKS;
}

uint32_t bw_board_timer_hz(void)
{
    return core_hz;
}

void bw_board_led(int on)
{
    *(on != 0 ? &port_0->outset : &port_0->outclr) = 1u << LED;
}

void bw_board_mark(int on)
{
    *(on != 0 ? &port_1->outset : &port_1->outclr) = 1u << MARK;
}
