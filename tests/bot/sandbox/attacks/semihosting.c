/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware that asks the emulator for a file and for a shell command. Built by emulator.py, inside a sandbox only.
   Source: Arm, "Semihosting for AArch32 and AArch64", SYS_OPEN 0x01, SYS_WRITE0 0x04, SYS_SYSTEM 0x12, SYS_EXIT 0x18. */
#include <stdint.h>

static int32_t ask(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

void reset(void);
extern uint32_t stack_top;
__attribute__((section(".vectors"), used)) static const void *const vectors[] = {&stack_top, reset, reset, reset};

void reset(void)
{
    static const char file[] = FILE;
    static const char command[] = "echo x > " MARK;
    const uint32_t open[3] = {(uint32_t)file, 0, sizeof file - 1};
    const uint32_t run[2] = {(uint32_t)command, sizeof command - 1};

    ask(0x04, ask(0x01, open) >= 0 ? "ESCAPED: the guest opened a file of the host\n" : "contained: SYS_OPEN failed\n");
    ask(0x04, ask(0x12, run) == 0 ? "SYS_SYSTEM wrote a file somewhere\n" : "contained: SYS_SYSTEM failed\n");
    ask(0x18, (const void *)0x20026);
    for (;;) {
    }
}
