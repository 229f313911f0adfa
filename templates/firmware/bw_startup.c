/* SPDX-License-Identifier: Apache-2.0 */
/* Reset, vector table, faults and stack of a Cortex-M (Armv6-M, Armv7-M, Armv8-M), alike for every board.
 *
 * Interrupts stay masked for good: counted code runs undisturbed, and a fault of any kind arrives as the one
 * exception that no mask stops, the HardFault.
 */
#include "bw_board.h"
#include "bw_known_loop.h"
#include "bw_protocol.h"
#include "bw_shell.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SCB_VTOR REGISTER(0xE000ED08u)
#if __ARM_ARCH_6M__ /* has none of them: a fault has no reason there */
#define SCB_CFSR 0u
#define SCB_HFSR 0u
#define SCB_MMFAR 0u
#define SCB_BFAR 0u
#else
#define SCB_CFSR REGISTER(0xE000ED28u)
#define SCB_HFSR REGISTER(0xE000ED2Cu)
#define SCB_MMFAR REGISTER(0xE000ED34u)
#define SCB_BFAR REGISTER(0xE000ED38u)
#endif
#define SCB_CPACR REGISTER(0xE000ED88u)

#define PAINT 0xB0A2D317u
#define FRAME_WORDS 8

/* Placed by the linker script. */
extern uint32_t bw_data_load[], bw_data_begin[], bw_data_end[], bw_bss_begin[], bw_bss_end[];
extern uint32_t bw_stack_end[], bw_vectors[];

int main(void);
void bw_reset(void);
void bw_begin(void);
void bw_fault(void);
void bw_fault_report(const uint32_t *frame);

/* Painted words that are still whole, counted from the far end. */
void bw_board_stack(uint32_t *used, uint32_t *size)
{
    const volatile uint32_t *word = bw_bss_end;
    while (word < bw_stack_end && *word == PAINT) {
        ++word;
    }
    *used = (uint32_t)(uintptr_t)bw_stack_end - (uint32_t)(uintptr_t)word;
    *size = (uint32_t)(uintptr_t)bw_stack_end - (uint32_t)(uintptr_t)bw_bss_end;
}

static void paint_stack(void)
{
    /* Stop well below what this function and its caller use themselves. */
    const uint32_t *const here = (const uint32_t *)__builtin_frame_address(0) - 32;
    for (volatile uint32_t *word = bw_bss_end; word < here; ++word) {
        *word = PAINT;
    }
}

/* Whoever started this program, a boot loader perhaps, may have left another stack and another table. */
__attribute__((naked)) void bw_reset(void)
{
    __asm__ volatile(".syntax unified\n\t"
                     "cpsid i\n\t"
                     "movs r0, #0\n\t"
                     "msr control, r0\n\t"
                     "isb\n\t"
                     "ldr r0, =bw_stack_end\n\t"
                     "mov sp, r0\n\t"
                     "ldr r0, =bw_begin\n\t"
                     "bx r0\n\t"
                     ".ltorg");
}

void bw_begin(void)
{
    SCB_VTOR = (uint32_t)(uintptr_t)bw_vectors;
#ifdef __ARM_FP
    SCB_CPACR |= 0xFu << 20; /* the FPU, before any code that uses it */
#endif
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    const uint32_t *from = bw_data_load;
    for (uint32_t *to = bw_data_begin; to < bw_data_end; ++to) {
        *to = *from++;
    }
    for (uint32_t *to = bw_bss_begin; to < bw_bss_end; ++to) {
        *to = 0;
    }
    paint_stack();
    (void)main();
    for (;;) {
    }
}

/* Take the stack pointer of the code that failed and go on with a fresh stack: the old one may be the cause. */
__attribute__((naked)) void bw_fault(void)
{
    __asm__ volatile(".syntax unified\n\t"
                     "mrs r0, msp\n\t"
                     "ldr r1, =bw_stack_end\n\t"
                     "mov sp, r1\n\t"
                     "ldr r1, =bw_fault_report\n\t"
                     "bx r1\n\t"
                     ".ltorg");
}

/* Tell the host: phase u8, then u32 pc, lr, xpsr, sp, CFSR, HFSR, MMFAR, BFAR. */
void bw_fault_report(const uint32_t *frame)
{
    uint32_t registers[FRAME_WORDS] = {0};
    uintptr_t const at = (uintptr_t)frame;
    if (at >= (uintptr_t)bw_data_begin && at + FRAME_WORDS * 4u <= (uintptr_t)bw_stack_end) {
        for (int i = 0; i < FRAME_WORDS; ++i) {
            registers[i] = frame[i];
        }
    }
    uint8_t payload[33];
    uint8_t *to = payload;
    *to++ = bw_shell_phase;
    to = bw_put_u32(to, registers[6]);
    to = bw_put_u32(to, registers[5]);
    to = bw_put_u32(to, registers[7]);
    to = bw_put_u32(to, (uint32_t)at);
    to = bw_put_u32(to, SCB_CFSR);
    to = bw_put_u32(to, SCB_HFSR);
    to = bw_put_u32(to, SCB_MMFAR);
    (void)bw_put_u32(to, SCB_BFAR);
    struct bw_frame const report = {BW_FRAME_FAULT, 0, sizeof payload};
    for (;;) {
        bw_frame_send(&report, payload);
        struct bw_frame request;
        uint8_t ignored[4];
        (void)bw_frame_receive(&request, ignored, 4); /* told again when asked again */
    }
}

typedef void vector(void);

__attribute__((section(".vectors"), used)) static vector *const vectors[15] = {
    bw_reset,                                     /* after the initial stack pointer, which the */
    bw_fault, bw_fault, bw_fault, bw_fault,       /* linker script puts before this table */
    bw_fault, bw_fault, bw_fault, bw_fault,
    bw_fault, bw_fault, bw_fault, bw_fault,
    bw_fault, bw_fault,
};
