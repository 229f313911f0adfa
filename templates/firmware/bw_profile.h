/* SPDX-License-Identifier: Apache-2.0 */
/* Which operator the instructions of an inference belong to. Only a firmware that is built to be profiled
 * holds points; what runs between two of them belongs to the first.
 *
 * A point keeps every register but the flags. So the compiler makes the same code around it as without it, and
 * what a profiled inference takes is what a plain one takes plus the same number of instructions at each point.
 */
#ifndef BW_PROFILE_H
#define BW_PROFILE_H

#include <stdint.h>

#if __ARM_ARCH_6M__ /* pushes no ip, pops no lr, has no movw */
#define BW_PROFILE(point)                                        \
    __asm__ volatile(".syntax unified\n\t"                       \
                     "push {r0-r3, lr}\n\t"                      \
                     "mov r0, ip\n\t"                            \
                     "push {r0}\n\t"                             \
                     "movs r0, %0\n\t"                           \
                     "lsls r0, r0, #8\n\t"                       \
                     "adds r0, %1\n\t"                           \
                     "bl bw_profile_point\n\t"                   \
                     "pop {r0}\n\t"                              \
                     "mov ip, r0\n\t"                            \
                     "ldr r0, [sp, #16]\n\t"                     \
                     "mov lr, r0\n\t"                            \
                     "pop {r0-r3}\n\t"                           \
                     "add sp, #4" ::"i"((point) >> 8), "i"((point) & 255) \
                     : "cc", "memory")
#else
#define BW_PROFILE(point)                               \
    __asm__ volatile("push {r0-r3, ip, lr}\n\t"         \
                     "movw r0, %0\n\t"                  \
                     "bl bw_profile_point\n\t"          \
                     "pop {r0-r3, ip, lr}" ::"i"(point) \
                     : "cc", "memory")
#endif

/* What BW_PROFILE calls, at every point. */
void bw_profile_point(uint32_t point);

/* Forget all points. Called before the timer is set to zero. */
void bw_profile_begin(void);

/* Ticks from each visit of a point to the next point of any number, summed up, and the number of visits. Each
 * visit holds bw_profile_empty() ticks too many. 0 and 0 for a point that does not exist. */
void bw_profile_read(uint32_t point, uint32_t *ticks, uint32_t *visits);

/* Ticks between two points with nothing between them. */
uint32_t bw_profile_empty(void);

#endif
