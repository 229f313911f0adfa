/* SPDX-License-Identifier: Apache-2.0 */
#include <hardware/clocks.h>
#include <hardware/gpio.h>
#include <hardware/structs/systick.h>
#include <hardware/timer.h>
#include <hardware/uart.h>

#include "line.h"

static systick_hw_t systick;
systick_hw_t *const systick_hw = &systick;
uart_inst_t *const uart0 = 0;

uint32_t clock_get_hz(clock_handle_t clock) { return clock == clk_sys ? 125000000u : 0u; }
void gpio_init(uint pin) { (void)pin; }
void gpio_set_dir(uint pin, bool out) { (void)pin, (void)out; }
void gpio_set_function(uint pin, gpio_function_t function) { (void)pin, (void)function; }
void gpio_put(uint pin, bool value) { (void)pin, (void)value; }
uint32_t time_us_32(void)
{
    static uint32_t now;
    systick.cvr = (systick.cvr - 125u) & 0xFFFFFFu;
    return ++now;
}
uint uart_init(uart_inst_t *uart, uint baudrate) { (void)uart; return baudrate; }
void uart_write_blocking(uart_inst_t *uart, const uint8_t *from, size_t size) { (void)uart; line_write(from, size); }
void uart_read_blocking(uart_inst_t *uart, uint8_t *to, size_t size)
{
    (void)uart;
    while (size-- > 0) {
        *to++ = line_read();
    }
}
