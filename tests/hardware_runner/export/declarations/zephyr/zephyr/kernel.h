/* SPDX-License-Identifier: Apache-2.0 */
/* Source: Zephyr documentation, "Kernel Timing". */
#pragma once
#include <stddef.h>
#include <stdint.h>

uint32_t k_cycle_get_32(void);
int sys_clock_hw_cycles_per_sec(void);
int64_t k_uptime_get(void);
int32_t k_msleep(int32_t milliseconds);
