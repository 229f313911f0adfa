// SPDX-License-Identifier: Apache-2.0
#include <Arduino.h>

#include "line.h"

HardwareSerial Serial;
EspClass ESP;

void HardwareSerial::begin(unsigned long) {}
int HardwareSerial::available() { return 1; }
int HardwareSerial::read() { return line_read(); }
void HardwareSerial::flush() {}
size_t HardwareSerial::write(const uint8_t *bytes, size_t size)
{
    size_t const some = size > 3 ? 3 : size; // a line that does not take all at once
    line_write(bytes, some);
    return some;
}

static uint32_t now;
uint32_t EspClass::getCpuFreqMHz() { return 240; }
uint32_t EspClass::getCycleCount() { return now += 240; }
unsigned long micros() { return ++now; }
unsigned long millis() { return now / 1000; }
void pinMode(uint8_t, uint8_t) {}
void digitalWrite(uint8_t, uint8_t) {}
void yield() {}

int main()
{
    setup();
    for (;;) {
        loop();
    }
}
