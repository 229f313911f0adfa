/* SPDX-License-Identifier: Apache-2.0 */
#include <driver/gpio.h>
#include <driver/uart.h>
#include <esp_cpu.h>
#include <esp_rom_sys.h>
#include <esp_timer.h>

#include "line.h"

void app_main(void);

static uint32_t now;

esp_err_t gpio_reset_pin(gpio_num_t pin) { return pin == GPIO_NUM_2 ? ESP_OK : -1; }
esp_err_t gpio_set_direction(gpio_num_t pin, gpio_mode_t mode) { (void)mode; return gpio_reset_pin(pin); }
esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level) { (void)level; return gpio_reset_pin(pin); }

esp_err_t uart_driver_install(uart_port_t port, int rx_bytes, int tx_bytes, int queue, QueueHandle_t *handle, int flags)
{
    (void)port, (void)tx_bytes, (void)queue, (void)handle, (void)flags;
    return rx_bytes > 128 ? ESP_OK : -1; /* more than the FIFO, says the guide */
}
esp_err_t uart_param_config(uart_port_t port, const uart_config_t *config)
{
    (void)port;
    return config->baud_rate == 115200 ? ESP_OK : -1;
}
esp_err_t uart_set_pin(uart_port_t port, int tx, int rx, int rts, int cts)
{
    (void)port, (void)tx, (void)rx, (void)rts, (void)cts;
    return ESP_OK;
}
int uart_read_bytes(uart_port_t port, void *bytes, uint32_t size, TickType_t ticks)
{
    (void)port, (void)size, (void)ticks;
    *(uint8_t *)bytes = line_read();
    return 1;
}
int uart_write_bytes(uart_port_t port, const void *bytes, size_t size)
{
    (void)port;
    line_write(bytes, size);
    return (int)size;
}
esp_err_t uart_wait_tx_done(uart_port_t port, TickType_t ticks) { (void)port, (void)ticks; return ESP_OK; }

esp_cpu_cycle_count_t esp_cpu_get_cycle_count(void) { return now += 240; }
uint32_t esp_rom_get_cpu_ticks_per_us(void) { return 240; }
int64_t esp_timer_get_time(void) { return now / 240; }

int main(void)
{
    app_main();
}
