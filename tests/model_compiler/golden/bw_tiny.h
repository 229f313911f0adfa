/* SPDX-License-Identifier: Apache-2.0 */
/* Written by boardwright 0.1.0 from the model with SHA-256
 * cac6e7849b9052ed48e2f601d2da9bed2ca8336064e793a69e5b5b368d1bbc4b. Do not edit: compile the model again.
 * Optimised for size and speed: build it and the kernels with -O2. */
#ifndef BW_TINY_H
#define BW_TINY_H

/* Memory that the caller provides to every function below, aligned to 16 bytes. */
#define BW_TINY_ARENA_BYTES 16

#define BW_TINY_INPUTS 1
#define BW_TINY_OUTPUTS 1

/* A real value is scale * (q - zero_point); OFFSET counts bytes from the start of the arena. */
/* Input 0: int8_t 1x4, "features" */
#define BW_TINY_INPUT_OFFSET 8
#define BW_TINY_INPUT_BYTES 4
#define BW_TINY_INPUT_COUNT 4
#define BW_TINY_INPUT_SCALE 0.5f
#define BW_TINY_INPUT_ZERO_POINT (0)

/* Output 0: int8_t 1x3, "scores" */
#define BW_TINY_OUTPUT_OFFSET 12
#define BW_TINY_OUTPUT_BYTES 3
#define BW_TINY_OUTPUT_COUNT 3
#define BW_TINY_OUTPUT_SCALE 4.0f
#define BW_TINY_OUTPUT_ZERO_POINT (0)

#define BW_ERROR_ARENA (-1) /* the arena is NULL or not aligned */

#ifdef __cplusplus
extern "C" {
#endif

/* Returns where the caller writes input `index` before each inference, or NULL if there is none. */
void *bw_tiny_input(void *arena, int index);

/* Returns where output `index` stands after an inference, or NULL if there is none. */
const void *bw_tiny_output(const void *arena, int index);

/* Runs one inference of 12 multiply-accumulates. Destroys the inputs, keeps only the
 * outputs. Returns 0 or a negative BW_ERROR_. */
int bw_tiny_invoke(void *arena);

#ifdef __cplusplus
}
#endif

#endif
