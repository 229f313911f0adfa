/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Zephyr documentation, "General-Purpose Input/Output". */
#pragma once
#include <stdint.h>

#include <zephyr/device.h>

typedef uint8_t gpio_pin_t;
typedef uint16_t gpio_dt_flags_t;
typedef uint32_t gpio_flags_t;
struct gpio_dt_spec {
    const struct device *port;
    gpio_pin_t pin;
    gpio_dt_flags_t dt_flags;
};
#define GPIO_DT_SPEC_GET_OR(node, property, otherwise) otherwise
#define GPIO_OUTPUT_INACTIVE (1u << 17)
int gpio_pin_configure_dt(const struct gpio_dt_spec *spec, gpio_flags_t flags);
int gpio_pin_set_dt(const struct gpio_dt_spec *spec, int value);
