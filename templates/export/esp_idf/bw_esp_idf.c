/* SPDX-License-Identifier: Apache-2.0 */
/* The board by ESP-IDF's functions: the line is UART0, which the USB bridge of a DevKitC passes on; mark on GPIO 2. A
 * DevKitC has no plain light, so there is none.
 *
 * The cycle counter of the core measures; esp_timer tells whether it wrapped. Interrupts of the framework go on, and what
 * they take is measured too. */
#include "bw_board.h"

#include <driver/gpio.h>
#include <driver/uart.h>
#include <esp_cpu.h>
#include <esp_err.h>
#include <esp_rom_sys.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>

#define LINE UART_NUM_0
#define MARK GPIO_NUM_2
#define RECEIVE_BYTES 2048

int bw_shell_main(void);
void app_main(void);

static uint32_t cycles_per_us, since_cycles;
static int64_t since_us;

void app_main(void)
{
    (void)bw_shell_main();
}

void bw_board_init(void)
{
    uart_config_t const line = {
        .baud_rate = 115200,
        .data_bits = UART_DATA_8_BITS,
        .parity = UART_PARITY_DISABLE,
        .stop_bits = UART_STOP_BITS_1,
        .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
        .source_clk = UART_SCLK_DEFAULT,
    };
    ESP_ERROR_CHECK(uart_driver_install(LINE, RECEIVE_BYTES, 0, 0, NULL, 0));
    ESP_ERROR_CHECK(uart_param_config(LINE, &line));
    ESP_ERROR_CHECK(uart_set_pin(LINE, UART_PIN_NO_CHANGE, UART_PIN_NO_CHANGE, UART_PIN_NO_CHANGE, UART_PIN_NO_CHANGE));
    ESP_ERROR_CHECK(gpio_reset_pin(MARK));
    ESP_ERROR_CHECK(gpio_set_direction(MARK, GPIO_MODE_OUTPUT));
    cycles_per_us = esp_rom_get_cpu_ticks_per_us();
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    uint8_t byte = 0;
    while (uart_read_bytes(LINE, &byte, 1, portMAX_DELAY) != 1) {
    }
    return byte;
}

/* Waits until the line is quiet, so that no byte is sent while something is measured. */
void bw_board_write(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        int const taken = uart_write_bytes(LINE, bytes, size);
        if (taken > 0) {
            bytes += taken;
            size -= (size_t)taken;
        }
    }
    (void)uart_wait_tx_done(LINE, portMAX_DELAY);
}

void bw_board_timer_restart(void)
{
    since_us = esp_timer_get_time();
    since_cycles = esp_cpu_get_cycle_count();
}

uint32_t bw_board_timer_ticks(void)
{
    return (uint32_t)esp_cpu_get_cycle_count() - since_cycles;
}

int bw_board_timer_wrapped(void)
{
    return cycles_per_us != 0 && esp_timer_get_time() - since_us >= (int64_t)(UINT32_MAX / cycles_per_us);
}

uint32_t bw_board_timer_hz(void)
{
    return cycles_per_us * 1000000u;
}

void bw_board_led(int on)
{
    (void)on;
}

void bw_board_mark(int on)
{
    (void)gpio_set_level(MARK, on != 0 ? 1u : 0u);
}
