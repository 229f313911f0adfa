/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_profile.h"

#include <string.h>

#include "bw_board.h"
#include "bw_build.h"

/* The point behind the last operator, and one that only bw_profile_empty() visits. */
enum { BEHIND = BW_PROFILE_POINTS - 1, EMPTY = BW_PROFILE_POINTS };

static struct {
    uint32_t ticks, visits;
} points[BW_PROFILE_POINTS + 1];
static uint32_t current = BEHIND;
static uint32_t since;

/* No branch: it takes the same number of instructions each time. */
void bw_profile_point(uint32_t point)
{
    uint32_t const now = bw_board_timer_ticks();
    points[current].ticks += now - since;
    ++points[point].visits;
    current = point;
    since = now;
}

void bw_profile_begin(void)
{
    memset(points, 0, sizeof points);
    current = BEHIND;
}

void bw_profile_read(uint32_t point, uint32_t *ticks, uint32_t *visits)
{
    int const exists = point < BW_PROFILE_POINTS;
    *ticks = exists ? points[point].ticks : 0;
    *visits = exists ? points[point].visits : 0;
}

uint32_t bw_profile_empty(void)
{
    points[EMPTY].ticks = 0;
    BW_PROFILE(EMPTY);
    BW_PROFILE(EMPTY);
    current = BEHIND;
    return points[EMPTY].ticks;
}
