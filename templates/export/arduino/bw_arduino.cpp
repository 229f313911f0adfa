// SPDX-License-Identifier: Apache-2.0
// The board by Arduino's functions: the line is Serial, light and mark are LED_BUILTIN and D2.
//
// The clock is the core's cycle counter where there is one, else micros(). Interrupts of the framework go on, and what
// they take is measured too.
#include <Arduino.h>

extern "C" {
#include "bw_board.h"
}

#define MARK 2

#if defined(ARDUINO_ARCH_ESP32)

static uint32_t start_counter(void)
{
    return ESP.getCpuFreqMHz() * 1000000u;
}

static uint32_t count(void)
{
    return ESP.getCycleCount();
}

#elif defined(__ARM_ARCH_7EM__)

#include "dwt.h"

extern "C" uint32_t SystemCoreClock; // CMSIS

static uint32_t start_counter(void)
{
    dwt_start();
    return dwt_counts() ? SystemCoreClock : 0u;
}

static uint32_t count(void)
{
    return DWT_CYCCNT;
}

#else

static uint32_t start_counter(void)
{
    return 1000000u;
}

static uint32_t count(void)
{
    return static_cast<uint32_t>(micros());
}

#endif

static uint32_t counter_hz, since_count, since_ms;

void bw_board_init(void)
{
    Serial.begin(115200);
    pinMode(MARK, OUTPUT);
#ifdef LED_BUILTIN
    pinMode(LED_BUILTIN, OUTPUT);
#endif
    counter_hz = start_counter();
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    while (Serial.available() <= 0) {
        yield();
    }
    return Serial.read();
}

// Waits until the line is quiet, so that no byte is sent while something is measured.
void bw_board_write(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t const taken = Serial.write(bytes, size);
        bytes += taken;
        size -= taken;
        yield();
    }
    Serial.flush();
}

void bw_board_timer_restart(void)
{
    since_ms = static_cast<uint32_t>(millis());
    since_count = count();
}

uint32_t bw_board_timer_ticks(void)
{
    return count() - since_count;
}

int bw_board_timer_wrapped(void)
{
    uint32_t const ticks_per_ms = counter_hz / 1000u;
    return ticks_per_ms != 0 && static_cast<uint32_t>(millis()) - since_ms >= UINT32_MAX / ticks_per_ms;
}

uint32_t bw_board_timer_hz(void)
{
    return counter_hz;
}

void bw_board_led(int on)
{
#ifdef LED_BUILTIN
    digitalWrite(LED_BUILTIN, on != 0 ? HIGH : LOW);
#else
    (void)on;
#endif
}

void bw_board_mark(int on)
{
    digitalWrite(MARK, on != 0 ? HIGH : LOW);
}
