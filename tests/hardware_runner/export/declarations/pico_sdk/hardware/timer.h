/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Raspberry Pi Pico-series C/C++ SDK, hardware_timer. */
#pragma once
#include <stdint.h>

uint32_t time_us_32(void);
