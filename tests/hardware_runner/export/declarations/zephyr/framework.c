/* SPDX-License-Identifier: Apache-2.0 */
#include <zephyr/device.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/timing/timing.h>

#include "line.h"

const struct device console = {true};
static uint32_t now;

bool device_is_ready(const struct device *device) { return device->is_ready; }
int gpio_pin_configure_dt(const struct gpio_dt_spec *spec, gpio_flags_t flags) { (void)spec, (void)flags; return 0; }
int gpio_pin_set_dt(const struct gpio_dt_spec *spec, int value) { (void)spec, (void)value; return 0; }
int uart_poll_in(const struct device *device, unsigned char *byte)
{
    *byte = line_read();
    return device == &console ? 0 : -1;
}
void uart_poll_out(const struct device *device, unsigned char byte) { (void)device; line_write(&byte, 1); }
uint32_t k_cycle_get_32(void) { return now += 64; }
int sys_clock_hw_cycles_per_sec(void) { return 64000000; }
int64_t k_uptime_get(void) { return now / 64000; }
int32_t k_msleep(int32_t milliseconds) { return milliseconds; }
void timing_init(void) {}
void timing_start(void) {}
timing_t timing_counter_get(void) { return now += 64; }
uint64_t timing_freq_get(void) { return 64000000; }
