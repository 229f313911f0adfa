/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware as a process: the line is standard input and output. It has no timer that could count. */
#include <unistd.h>

#include "bw_board.h"

void bw_board_init(void)
{
}

int bw_board_read(void)
{
    static uint8_t buffer[4096];
    static ssize_t begin, end;
    if (begin == end) {
        begin = 0;
        end = read(STDIN_FILENO, buffer, sizeof buffer);
        if (end <= 0) {
            end = 0;
            return -1;
        }
    }
    return buffer[begin++];
}

void bw_board_write(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t const written = write(STDOUT_FILENO, bytes, size);
        if (written <= 0) {
            _exit(1);
        }
        bytes += written;
        size -= (size_t)written;
    }
}

void bw_board_timer_restart(void)
{
}

uint32_t bw_board_timer_ticks(void)
{
    return 0;
}

int bw_board_timer_wrapped(void)
{
    return 0;
}

uint32_t bw_board_timer_hz(void)
{
    return 0;
}

void bw_board_stack(uint32_t *used, uint32_t *size)
{
    *used = 0;
    *size = 0;
}

void bw_board_known_loop(uint32_t turns)
{
    (void)turns;
}

void bw_board_nothing(uint32_t unused)
{
    (void)unused;
}

void bw_board_led(int on)
{
    static int lit;
    lit = on != 0;
    (void)lit;
}

void bw_board_mark(int on)
{
    (void)on;
}
