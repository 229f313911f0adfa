/* SPDX-License-Identifier: Apache-2.0 */
/* The board by Zephyr's functions: the line is what the devicetree chose as console, the light is its led0. No pin is
 * marked for a meter of energy.
 *
 * The clock is that of Zephyr's timing functions, which count cycles of the core on every core with a DWT, else
 * k_cycle_get_32(). Interrupts of the kernel go on, and what they take is measured too. */
#include "bw_board.h"

#include <zephyr/device.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#ifdef CONFIG_TIMING_FUNCTIONS
#include <zephyr/timing/timing.h>
#endif

static const struct device *const line = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));
static const struct gpio_dt_spec light = GPIO_DT_SPEC_GET_OR(DT_ALIAS(led0), gpios, {0});

static uint32_t counter_hz, since_count;
static int64_t since_ms;

static uint32_t count(void)
{
#ifdef CONFIG_TIMING_FUNCTIONS
    return (uint32_t)timing_counter_get();
#else
    return k_cycle_get_32();
#endif
}

static uint32_t start_counter(void)
{
#ifdef CONFIG_TIMING_FUNCTIONS
    timing_init();
    timing_start();
    return (uint32_t)timing_freq_get();
#else
    return (uint32_t)sys_clock_hw_cycles_per_sec();
#endif
}

void bw_board_init(void)
{
    while (!device_is_ready(line)) {
        k_msleep(10);
    }
    if (light.port != NULL) {
        (void)gpio_pin_configure_dt(&light, GPIO_OUTPUT_INACTIVE);
    }
    counter_hz = start_counter();
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    unsigned char byte = 0;
    while (uart_poll_in(line, &byte) != 0) {
    }
    return byte;
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        uart_poll_out(line, bytes[i]);
    }
}

void bw_board_timer_restart(void)
{
    since_ms = k_uptime_get();
    since_count = count();
}

uint32_t bw_board_timer_ticks(void)
{
    return count() - since_count;
}

int bw_board_timer_wrapped(void)
{
    uint32_t const ticks_per_ms = counter_hz / 1000u;
    return ticks_per_ms != 0 && k_uptime_get() - since_ms >= (int64_t)(UINT32_MAX / ticks_per_ms);
}

uint32_t bw_board_timer_hz(void)
{
    return counter_hz;
}

void bw_board_led(int on)
{
    if (light.port != NULL) {
        (void)gpio_pin_set_dt(&light, on != 0 ? 1 : 0);
    }
}

void bw_board_mark(int on)
{
    (void)on;
}
