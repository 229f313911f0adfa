/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Raspberry Pi Pico-series C/C++ SDK, hardware_clocks. */
#pragma once
#include <stdint.h>

typedef enum { clk_sys = 5 } clock_handle_t;
uint32_t clock_get_hz(clock_handle_t clock);
