/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Raspberry Pi Pico-series C/C++ SDK, hardware/structs/systick.h. */
#pragma once
#include <stdint.h>

typedef struct {
    volatile uint32_t csr, rvr, cvr;
    const volatile uint32_t calib;
} systick_hw_t;
extern systick_hw_t *const systick_hw;
