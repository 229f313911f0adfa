/* SPDX-License-Identifier: Apache-2.0 */
/* The least firmware that runs one inference of a Cortex-M: reset, the arena with the input already in it,
 * bw_model_invoke(). It is linked to be weighed, not to be run: whatever a product needs beside the model, its
 * drivers, its preprocessing, its stack, comes on top. */
#include <stdint.h>

#include "bw_model.h"

#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u)

/* Placed by the linker script. */
extern uint32_t bw_data_load[], bw_data_begin[], bw_data_end[], bw_bss_begin[], bw_bss_end[];

int main(void);
void bw_reset(void);
void bw_fault(void);

static uint8_t arena[BW_MODEL_ARENA_BYTES] __attribute__((aligned(16)));

int main(void)
{
    return bw_model_invoke(arena);
}

void bw_reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    SCB_CPACR |= 0xFu << 20; /* FPU and Helium, before any code that uses them */
#endif
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    /* volatile: otherwise the compiler calls memcpy() and memset(), which the model may not need. */
    const uint32_t *from = bw_data_load;
    for (volatile uint32_t *to = bw_data_begin; to < bw_data_end; ++to) {
        *to = *from++;
    }
    for (volatile uint32_t *to = bw_bss_begin; to < bw_bss_end; ++to) {
        *to = 0;
    }
    (void)main();
    for (;;) {
    }
}

void bw_fault(void)
{
    for (;;) {
    }
}

typedef void vector(void);

__attribute__((section(".vectors"), used)) static vector *const vectors[15] = {
    bw_reset,                               /* after the initial stack pointer, which the */
    bw_fault, bw_fault, bw_fault, bw_fault, /* linker script puts before this table */
    bw_fault, bw_fault, bw_fault, bw_fault,
    bw_fault, bw_fault, bw_fault, bw_fault,
    bw_fault, bw_fault,
};
