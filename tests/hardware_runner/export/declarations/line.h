/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a pretended framework: standard input and output. */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static inline uint8_t line_read(void)
{
    uint8_t byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        exit(0);
    }
    return byte;
}

static inline void line_write(const void *bytes, size_t size)
{
    const char *at = (const char *)bytes;
    while (size > 0) {
        ssize_t const taken = write(STDOUT_FILENO, at, size);
        if (taken <= 0) {
            exit(1);
        }
        at += taken;
        size -= (size_t)taken;
    }
}

#endif
