/* SPDX-License-Identifier: Apache-2.0 */
/* The board by the Pico SDK's functions: UART0 on GP0 and GP1, light on GP25, mark on GP2.
 *
 * SysTick counts cycles of the core; it has 24 bits, and how often it went round, the timer of microseconds tells. */
#include "bw_board.h"

#include <hardware/clocks.h>
#include <hardware/gpio.h>
#include <hardware/structs/systick.h>
#include <hardware/timer.h>
#include <hardware/uart.h>

#define SYSTICK_MASK 0xFFFFFFu

enum { TX = 0, RX = 1, MARK = 2, LED = 25 };

static uint32_t cycles_per_us, since_value, since_us;

static void use_pin(uint pin)
{
    gpio_init(pin);
    gpio_set_dir(pin, true);
}

void bw_board_init(void)
{
    (void)uart_init(uart0, 115200);
    gpio_set_function(TX, GPIO_FUNC_UART);
    gpio_set_function(RX, GPIO_FUNC_UART);
    use_pin(LED);
    use_pin(MARK);
    systick_hw->rvr = SYSTICK_MASK;
    systick_hw->cvr = 0;
    systick_hw->csr = 5; /* the core's clock, no interrupt */
    cycles_per_us = clock_get_hz(clk_sys) / 1000000u;
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    uint8_t byte = 0;
    uart_read_blocking(uart0, &byte, 1);
    return byte;
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    uart_write_blocking(uart0, bytes, size);
}

void bw_board_timer_restart(void)
{
    since_value = systick_hw->cvr;
    since_us = time_us_32();
}

uint32_t bw_board_timer_ticks(void)
{
    uint32_t const cycles = (since_value - systick_hw->cvr) & SYSTICK_MASK; /* counts down */
    uint32_t const about = (time_us_32() - since_us) * cycles_per_us;
    uint32_t const rounds = (about - cycles + (SYSTICK_MASK + 1u) / 2u) >> 24;
    return (rounds << 24) + cycles;
}

int bw_board_timer_wrapped(void)
{
    return cycles_per_us != 0 && time_us_32() - since_us >= UINT32_MAX / cycles_per_us;
}

uint32_t bw_board_timer_hz(void)
{
    return cycles_per_us * 1000000u;
}

void bw_board_led(int on)
{
    gpio_put(LED, on != 0);
}

void bw_board_mark(int on)
{
    gpio_put(MARK, on != 0);
}
