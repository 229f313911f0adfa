/* SPDX-License-Identifier: Apache-2.0 */
/* The measuring shell: a raw sample comes in, scores, the decision and the cost go out.
 *
 * Requests are numbered. The shell takes the next number only, gives the same answer again to a number that
 * it answered already (it remembers BW_WINDOW answers), and asks for the next number where another comes. So
 * no sample is lost, run twice, or shown to the application out of order.
 *
 * BW_WINDOW is how many requests the host may have under way: 1 where the receiver cannot hold bytes while a
 * sample is computed, so that the answer is what allows the next request, and a power of two elsewhere.
 */
#include <string.h>

#include "bw_board.h"
#include "bw_build.h"
#include "bw_infer.h"
#include "bw_protocol.h"
#include "bw_shell.h"
#ifdef BW_PROFILE_POINTS
#include "bw_profile.h"
#endif
#ifdef BW_TEXT_MODEL
#include "bw_text.h"
#endif

#define BW_PROTOCOL_VERSION 1
#define BW_SAMPLE_BYTES (BW_RAW_COUNT * sizeof(bw_raw_t))
#define INFER_BYTES (12 + BW_CLASS_COUNT)
#define HELLO_BYTES (19 + sizeof(BW_BUILD_ID) + sizeof(BW_BOARD_NAME) - 2)
#define ANSWER_BYTES (INFER_BYTES > HELLO_BYTES ? INFER_BYTES : HELLO_BYTES)

typedef char bw_sample_fits_a_frame[BW_SAMPLE_BYTES <= 65535 ? 1 : -1];

/* Declared here for the reason that bw_infer.c gives. */
int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT]);
void bw_app_reset(void);

struct answer {
    struct bw_frame frame; /* type 0: none yet */
    uint8_t payload[ANSWER_BYTES];
};

volatile uint8_t bw_shell_phase = BW_PHASE_WAITING;

static union {
    bw_raw_t raw[BW_RAW_COUNT];
    uint8_t bytes[BW_SAMPLE_BYTES > 4 ? BW_SAMPLE_BYTES : 4];
} request_payload;

static struct answer answers[BW_WINDOW];
static uint16_t next_sequence;
static int model_status;

typedef void work_function(uint32_t argument);

/* Run `work` between two looks at the timer; UINT32_MAX where the timer wrapped. Nothing may be inlined,
 * cloned or moved across: the call goes through a pointer, in a function that is compiled on its own. */
static __attribute__((noipa)) uint32_t measure(work_function *work, uint32_t argument)
{
    bw_board_timer_restart();
    uint32_t const begin = bw_board_timer_ticks();
    __asm__ volatile("" ::: "memory");
    work(argument);
    __asm__ volatile("" ::: "memory");
    uint32_t const end = bw_board_timer_ticks();
    return bw_board_timer_wrapped() ? UINT32_MAX : end - begin;
}

static void work_features(uint32_t unused)
{
    (void)unused;
    bw_infer_features(request_payload.raw);
}

static void work_model(uint32_t unused)
{
    (void)unused;
    model_status = bw_infer_model();
}

static uint8_t *answer_infer(uint8_t *to)
{
    bw_board_mark(1);
    bw_shell_phase = BW_PHASE_FEATURES;
    uint32_t const features_ticks = measure(work_features, 0);
    bw_shell_phase = BW_PHASE_MODEL;
#ifdef BW_PROFILE_POINTS
    bw_profile_begin();
#endif
    uint32_t const model_ticks = measure(work_model, 0);
    bw_board_mark(0);
    bw_shell_phase = BW_PHASE_APP;
    const int8_t *const scores = bw_infer_scores();
    memcpy(to + 12, scores, BW_CLASS_COUNT); /* before the application sees them */
    int const decision = model_status == 0 ? bw_app_on_result(scores) : -1;
    bw_shell_phase = BW_PHASE_WAITING;

    to = bw_put_u32(to, features_ticks);
    to = bw_put_u32(to, model_ticks);
    to = bw_put_u16(to, (uint16_t)model_status);
    to = bw_put_u16(to, (uint16_t)decision);
    return to + BW_CLASS_COUNT;
}

static uint8_t *answer_hello(uint8_t *to)
{
    static const char names[] = BW_BUILD_ID BW_BOARD_NAME;
    *to++ = BW_PROTOCOL_VERSION;
    *to++ = BW_WINDOW;
    *to++ = (uint8_t)sizeof(bw_raw_t);
    /* 'f', 'i' or 'u': the kind of number that bw_raw_t is. */
    *to++ = (bw_raw_t)0.5f != (bw_raw_t)0 ? 'f' : (bw_raw_t)-1 < (bw_raw_t)0 ? 'i' : 'u';
    to = bw_put_u32(to, BW_RAW_COUNT);
    to = bw_put_u32(to, BW_FEATURE_COUNT);
    to = bw_put_u16(to, BW_CLASS_COUNT);
    to = bw_put_u32(to, bw_board_timer_hz());
    *to++ = (uint8_t)(sizeof(BW_BUILD_ID) - 1);
    memcpy(to, names, sizeof names - 1);
    return to + sizeof names - 1;
}

static uint32_t requested_number(void)
{
    const uint8_t *const b = request_payload.bytes;
    return b[0] | ((uint32_t)b[1] << 8) | ((uint32_t)b[2] << 16) | ((uint32_t)b[3] << 24);
}

static uint8_t *answer_clock(uint8_t *to)
{
    uint32_t const turns = requested_number();
    to = bw_put_u32(to, measure(bw_board_nothing, 0));
    return bw_put_u32(to, measure(bw_board_known_loop, turns == 0 ? 1 : turns));
}

static uint8_t *answer_stack(uint8_t *to)
{
    uint32_t used = 0;
    uint32_t size = 0;
    bw_board_stack(&used, &size);
    return bw_put_u32(bw_put_u32(to, used), size);
}

#ifdef BW_PROFILE_POINTS
static uint8_t *answer_profile(uint8_t *to)
{
    uint32_t ticks = 0;
    uint32_t visits = 0;
    bw_profile_read(requested_number(), &ticks, &visits);
    return bw_put_u32(bw_put_u32(bw_put_u32(to, bw_profile_empty()), ticks), visits);
}
#endif

static void answer(const struct bw_frame *request)
{
    struct answer *const slot = &answers[request->sequence % BW_WINDOW];
    uint8_t *end = slot->payload;
    switch (request->type) {
    case BW_FRAME_HELLO:
        memset(answers, 0, sizeof answers);
        end = answer_hello(end);
        break;
    case BW_FRAME_CLOCK:
        end = answer_clock(end);
        break;
    case BW_FRAME_RESET:
        bw_app_reset();
        break;
    case BW_FRAME_INFER:
        end = answer_infer(end);
        break;
#ifdef BW_PROFILE_POINTS
    case BW_FRAME_PROFILE:
        end = answer_profile(end);
        break;
#endif
    default: /* BW_FRAME_STACK */
        end = answer_stack(end);
        break;
    }
    slot->frame.type = (uint8_t)(request->type | BW_FRAME_ANSWER);
    slot->frame.sequence = request->sequence;
    slot->frame.length = (uint16_t)(end - slot->payload);
    next_sequence = (uint16_t)(request->sequence + 1u);
    bw_frame_send(&slot->frame, slot->payload);
}

static void refuse(uint8_t reason)
{
    struct bw_frame const frame = {BW_FRAME_NAK, next_sequence, 1};
    bw_frame_send(&frame, &reason);
}

static void answer_again(uint16_t sequence)
{
    const struct answer *const slot = &answers[sequence % BW_WINDOW];
    if (slot->frame.type != 0 && slot->frame.sequence == sequence) {
        bw_frame_send(&slot->frame, slot->payload);
    } else {
        refuse(BW_NAK_SEQUENCE);
    }
}

int main(void)
{
    bw_board_init();
    bw_app_reset();
#ifdef BW_TEXT_MODEL
    bw_text_begin(request_payload.raw, BW_SAMPLE_BYTES);
#endif
    for (;;) {
        struct bw_frame request;
        enum bw_received const received =
            bw_frame_receive(&request, request_payload.bytes, (uint16_t)BW_SAMPLE_BYTES);
#ifdef BW_TEXT_MODEL
        bw_text_forget();
#endif
        switch (received) {
        case BW_RECEIVED:
            if (request.type == BW_FRAME_HELLO ||
                (request.type != BW_FRAME_NAK && request.sequence == next_sequence)) {
                answer(&request);
            } else {
                answer_again(request.sequence);
            }
            break;
        case BW_RECEIVED_DAMAGED:
            refuse(BW_NAK_CRC);
            break;
        case BW_RECEIVED_UNKNOWN:
            refuse(BW_NAK_REQUEST);
            break;
        case BW_LINE_CLOSED:
            return 0;
        }
    }
}
