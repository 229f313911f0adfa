/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

typedef uint32_t TickType_t;
typedef void *QueueHandle_t;
#define portMAX_DELAY UINT32_MAX
