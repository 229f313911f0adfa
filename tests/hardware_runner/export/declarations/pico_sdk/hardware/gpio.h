/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Raspberry Pi Pico-series C/C++ SDK, hardware_gpio. */
#pragma once
#include <stdbool.h>

typedef unsigned int uint;
typedef enum { GPIO_FUNC_UART = 2 } gpio_function_t;
void gpio_init(uint pin);
void gpio_set_dir(uint pin, bool out);
void gpio_set_function(uint pin, gpio_function_t function);
void gpio_put(uint pin, bool value);
