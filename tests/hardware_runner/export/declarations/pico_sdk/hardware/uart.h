/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Raspberry Pi Pico-series C/C++ SDK, hardware_uart. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef unsigned int uint;
typedef struct uart_inst uart_inst_t;
extern uart_inst_t *const uart0;
uint uart_init(uart_inst_t *uart, uint baudrate);
void uart_read_blocking(uart_inst_t *uart, uint8_t *to, size_t size);
void uart_write_blocking(uart_inst_t *uart, const uint8_t *from, size_t size);
