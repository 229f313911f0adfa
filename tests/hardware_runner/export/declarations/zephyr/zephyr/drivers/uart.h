/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Zephyr documentation, "Universal Asynchronous Receiver-Transmitter (UART)", polling API. */
#pragma once
#include <zephyr/device.h>

int uart_poll_in(const struct device *device, unsigned char *byte);
void uart_poll_out(const struct device *device, unsigned char byte);
