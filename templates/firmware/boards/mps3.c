/* SPDX-License-Identifier: Apache-2.0 */
/* MPS3 with the FPGA image AN547 (Cortex-M55, Corstone SSE-300), 32 MHz, secure state.
 * Source: Arm DAI 0547, memory map; Arm 101773, SSE-300, system counter. */
#include "cmsdk.h"

#define LEDS REGISTER(0x59302000u)
#define CNTCR REGISTER(0x58100000u)      /* bit 0: count */
#define CNTCV_LOW REGISTER(0x58100008u)  /* 64 bits; may be written while it stands */
#define CNTCV_HIGH REGISTER(0x5810000Cu)

static const struct cmsdk_line line = {
    (struct cmsdk_uart *)0x59303000u,
    (volatile uint32_t *)0xE000E104u, /* NVIC_ISER */
    (volatile uint32_t *)0xE000E284u, /* NVIC_ICPR */
    3u << 1,
};

void bw_board_init(void)
{
    cmsdk_init(line, 25000000u / 115200u);
    bw_board_timer_restart();
}

int bw_board_read(void)
{
    return cmsdk_read(line);
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    cmsdk_write(line, bytes, size);
}

void bw_board_timer_restart(void)
{
    CNTCR = 0;
    CNTCV_LOW = 0;
    CNTCV_HIGH = 0;
    CNTCR = 1;
}

uint32_t bw_board_timer_ticks(void)
{
    return CNTCV_LOW;
}

int bw_board_timer_wrapped(void)
{
    return CNTCV_HIGH != 0;
}

uint32_t bw_board_timer_hz(void)
{
    return 32000000u;
}

void bw_board_led(int on)
{
    LEDS = on != 0 ? 1u : 0u;
}

void bw_board_mark(int on)
{
    (void)on;
}
