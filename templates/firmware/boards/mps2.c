/* SPDX-License-Identifier: Apache-2.0 */
/* MPS2 with the FPGA images AN386 (Cortex-M4F) and AN500 (Cortex-M7), 25 MHz.
 * Source: Arm DAI 0386 and DAI 0500, memory map. */
#define CLOCK_HZ 25000000u
#define LEDS REGISTER(0x40028000u)
#define TIMER 0x40000000u
#define UART 0x40004000u
#define NVIC_ISER 0xE000E100u
#define NVIC_ICPR 0xE000E280u
#define IRQS (1u << 0)

#include "mps2.h"
