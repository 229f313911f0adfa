// SPDX-License-Identifier: Apache-2.0
// The part of Arduino's language that the export uses, as its reference describes it.
// Source: docs.arduino.cc/language-reference; for ESP: docs.espressif.com/projects/arduino-esp32, class EspClass.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LOW 0
#define HIGH 1
#define OUTPUT 1
#define LED_BUILTIN 13

struct HardwareSerial {
    void begin(unsigned long baud);
    int available();
    int read();
    size_t write(const uint8_t *bytes, size_t size);
    void flush();
};
extern HardwareSerial Serial;

struct EspClass {
    uint32_t getCpuFreqMHz();
    uint32_t getCycleCount();
};
extern EspClass ESP;

unsigned long micros();
unsigned long millis();
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t value);
void yield();

void setup();
void loop();
