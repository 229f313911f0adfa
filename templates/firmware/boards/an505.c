/* SPDX-License-Identifier: Apache-2.0 */
/* MPS2+ with the FPGA image AN505 (Cortex-M33, SSE-200), 20 MHz, secure state.
 * Source: Arm DAI 0505, memory map and interrupts. */
#define CLOCK_HZ 20000000u
#define LEDS REGISTER(0x50302000u)
#define TIMER 0x50000000u
#define UART 0x50200000u
#define NVIC_ISER 0xE000E104u
#define NVIC_ICPR 0xE000E284u
#define IRQS (3u << 0) /* 32 and 33 */

#include "mps2.h"
