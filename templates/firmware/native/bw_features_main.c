/* SPDX-License-Identifier: Apache-2.0 */
/* Raw samples from standard input, their features to standard output, one sample at a time.
 * With any argument: element size and kind of a raw sample, elements and features, as four int32. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "goal.h"

void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT]);

/* Move exactly `size` bytes; 0 at the end of the input, which ends the program on a half sample. */
static int read_all(void *to, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t const count = read(STDIN_FILENO, (char *)to + have, size - have);
        if (count <= 0) {
            return 0;
        }
        have += (size_t)count;
    }
    return 1;
}

static void write_all(const void *from, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t const count = write(STDOUT_FILENO, (const char *)from + done, size - done);
        if (count <= 0) {
            _exit(2);
        }
        done += (size_t)count;
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        int const kind = (bw_raw_t)0.5f != (bw_raw_t)0 ? 'f' : (bw_raw_t)-1 < (bw_raw_t)0 ? 'i' : 'u';
        int32_t const shape[4] = {sizeof(bw_raw_t), kind, BW_RAW_COUNT, BW_FEATURE_COUNT};
        write_all(shape, sizeof shape);
        return 0;
    }
    /* On the heap and of exactly the right size, so that a step outside is seen. */
    bw_raw_t *const raw = malloc(BW_RAW_COUNT * sizeof *raw);
    float *const features = malloc(BW_FEATURE_COUNT * sizeof *features);
    if (raw == NULL || features == NULL) {
        return 3;
    }
    while (read_all(raw, BW_RAW_COUNT * sizeof *raw)) {
        memset(features, 0xFF, BW_FEATURE_COUNT * sizeof *features); /* NaN where nothing is written */
        bw_features(raw, features);
        write_all(features, BW_FEATURE_COUNT * sizeof *features);
    }
    free(raw);
    free(features);
    return 0;
}
