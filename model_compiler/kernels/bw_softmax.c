/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_kernels.h"

#include "bw_arithmetic.h"

#define FORTY_EIGHT_SEVENTEENTHS 1515870810       /* with 2 integer bits */
#define MINUS_THIRTY_TWO_SEVENTEENTHS -1010580540 /* with 2 integer bits */
#define ONE (1 << 29)                             /* with 2 integer bits */

/* Returns 1 / (1 + fraction) in Q0.31, for a fraction in Q0.31 that is not negative: three steps of
 * Newton's method on half the denominator, each rounded as gemmlowp rounds it. */
static int32_t reciprocal_of_one_plus(int32_t fraction)
{
    const int32_t half_denominator = (int32_t)(((int64_t)fraction + INT32_MAX + 1) / 2);
    int32_t x = FORTY_EIGHT_SEVENTEENTHS +
                bw_multiply_high(half_denominator, MINUS_THIRTY_TWO_SEVENTEENTHS);

    for (int step = 0; step < 3; step++) {
        const int32_t error = ONE - bw_multiply_high(half_denominator, x);

        x += bw_multiply_high(x, error) * 4;
    }
    return x >= 1 << 30 ? INT32_MAX : x * 2;
}

/* Returns exp(value - greatest) in Q0.31. */
static inline int32_t exponential(const bw_softmax_t *p, int32_t value, int32_t greatest)
{
    const int32_t difference = greatest - value;

    return difference < p->entries ? p->exponentials[difference] : 0;
}

static void one_row(const bw_softmax_t *p, const int8_t *input, int8_t *output)
{
    int32_t greatest = INT8_MIN;
    uint32_t sum = 0; /* 12 integer bits, 19 behind the point */
    int32_t exponent = 12 + 31 - 8;

    for (int32_t i = 0; i < p->depth; i++) {
        greatest = input[i] > greatest ? input[i] : greatest;
    }
    for (int32_t i = 0; i < p->depth; i++) {
        sum += (uint32_t)bw_divide_by_power_of_two(exponential(p, input[i], greatest), 12);
    }
    for (; (sum & 0x80000000u) == 0; sum <<= 1) {
        exponent--;
    }
    const int32_t scale = reciprocal_of_one_plus((int32_t)(sum & 0x7fffffffu));

    if (exponent > 31) { /* a sum of 512 or more, at which TFLM stops */
        exponent = 31;
    }
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t product = bw_multiply_high(exponential(p, input[i], greatest), scale);

        output[i] = (int8_t)bw_clamp(bw_divide_by_power_of_two(product, exponent) - 128, -128, 127);
    }
}

void bw_softmax(const bw_softmax_t *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++, input += p->depth, output += p->depth) {
        one_row(p, input, output);
    }
}
