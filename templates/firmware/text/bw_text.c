/* SPDX-License-Identifier: Apache-2.0 */
#pragma GCC optimize("Os") /* what is timed lies in other files */

#include "bw_text.h"

#include <stddef.h>

#include "bw_board.h"
#include "bw_build.h"
#include "bw_infer.h"
#include "bw_model.h"
#include "bw_shell.h"

#define LINE_BYTES 80u /* "db " and 31 bytes in hex take 65 */
#define MOST_RUNS 1000000u
#define USUAL_WARMUPS 10u /* where the command names none */
#define NONE UINT32_MAX
#define DECIMALS 8 /* 1/256, the step of a softmax, has so many */
#define ONE 100000000u

static bw_raw_t *sample;
static uint32_t sample_bytes;
static char line[LINE_BYTES + 1];
static uint32_t length; /* LINE_BYTES and more: too long */
static uint32_t expected_bytes, loaded_bytes;
static uint64_t passed_ticks; /* up to the timer's last restart */
static int has_wrapped, has_scores;

static void say(const char *text)
{
    for (; *text != '\0'; ++text) {
        bw_board_write((const uint8_t *)text, 1);
    }
}

/* Divide in place and return the remainder; the C library's way takes 700 bytes. */
static uint32_t divide(uint64_t *value, uint32_t by)
{
    uint64_t quotient = *value;
    uint64_t rest = 0;
    for (int i = 0; i < 64; ++i) {
        rest = (rest << 1) | (quotient >> 63);
        quotient <<= 1;
        if (rest >= by) {
            rest -= by;
            quotient |= 1u;
        }
    }
    *value = quotient;
    return (uint32_t)rest;
}

/* Say a number with at least so many digits. */
static void say_number(uint64_t value, int digits)
{
    char text[21];
    char *at = text + sizeof text - 1;
    *at = '\0';
    while (value != 0 || digits > 0) {
        *--at = (char)('0' + divide(&value, 10));
        --digits;
    }
    say(at);
}

/* A score as the model means it, (q - zero point) * scale. */
static void say_score(int8_t score)
{
    int32_t const steps = score - BW_MODEL_OUTPUT_ZERO_POINT;
    uint64_t value = (uint64_t)((double)BW_MODEL_OUTPUT_SCALE * ONE + 0.5);
    value *= (uint32_t)(steps < 0 ? -steps : steps);
    uint32_t const rest = divide(&value, ONE);
    if (steps < 0) {
        say("-");
    }
    say_number(value, 1);
    say(".");
    say_number(rest, DECIMALS);
}

static void say_results(void)
{
    const int8_t *const scores = bw_infer_scores();
    say("m-results-[");
    for (int i = 0; i < BW_CLASS_COUNT; ++i) {
        if (i > 0) {
            say(",");
        }
        say_score(scores[i]);
    }
    say("]\r\n");
}

/* Ticks since the board began; the timer is set back before it can go round. */
static uint64_t ticks(void)
{
    uint32_t const now = bw_board_timer_ticks();
    has_wrapped |= bw_board_timer_wrapped();
    if (now < UINT32_MAX / 2u) {
        return passed_ticks + now;
    }
    bw_board_timer_restart();
    passed_ticks += now;
    return passed_ticks;
}

/* Say a time that the timer stands for; nothing where nothing counts. */
static void say_lap(uint64_t at)
{
    uint32_t const hz = bw_board_timer_hz();
    if (hz == 0) {
        return;
    }
    at *= BW_TEXT_UNITS; /* as many as BW_TEXT_SECONDS have */
    divide(&at, hz);
    divide(&at, BW_TEXT_SECONDS);
    say("m-lap-" BW_TEXT_UNIT "-");
    say_number(at, 1);
    say("\r\n");
}

static int run_once(void)
{
    bw_shell_phase = BW_PHASE_FEATURES;
    bw_infer_features(sample);
    bw_shell_phase = BW_PHASE_MODEL;
    int const status = bw_infer_model();
    bw_shell_phase = BW_PHASE_WAITING;
    has_scores = status == 0;
    return status;
}

/* Run so many times, and look at the timer after each. */
static int run(uint32_t times)
{
    int status = 0;
    while (times-- > 0 && status == 0) {
        status = run_once();
        (void)ticks();
    }
    return status;
}

static void say_count(const char *text, uint32_t count)
{
    say(text);
    say_number(count, 1);
    say("\r\n");
}

static void refuse(const char *why)
{
    say("e-[");
    say(why);
    say("]\r\n");
}

/* What stands behind a command's word; NULL where the text is another command. */
static const char *after(const char *text, const char *word)
{
    while (*word != '\0') {
        if (*text++ != *word++) {
            return NULL;
        }
    }
    if (*text != '\0' && *text != ' ') {
        return NULL;
    }
    while (*text == ' ') {
        ++text;
    }
    return text;
}

/* The number at `*text`, which moves behind it; NONE where there is no number. A large one becomes 100 million. */
static uint32_t take_number(const char **text)
{
    const char *at = *text;
    uint32_t value = NONE;
    while (*at >= '0' && *at <= '9') {
        value = (value == NONE ? 0 : value) * 10u + (uint32_t)(*at++ - '0');
        value = value > 100000000u ? 100000000u : value;
    }
    while (*at == ' ') {
        ++at;
    }
    *text = at;
    return value;
}

static void infer(const char *arguments)
{
    uint32_t const times = take_number(&arguments);
    uint32_t warmups = take_number(&arguments);
    warmups = warmups == NONE ? USUAL_WARMUPS : warmups;
    if (*arguments != '\0' || times == 0 || times > MOST_RUNS || warmups > MOST_RUNS) {
        refuse("infer N W: N is 1 to 1000000, W is 0 to 1000000");
        return;
    }
    if (loaded_bytes != sample_bytes) {
        refuse("No sample is loaded");
        return;
    }
    say_count("m-warmup-start-", warmups);
    int status = run(warmups);
    say("m-warmup-done\r\n");
    say_count("m-infer-start-", times);
    passed_ticks = ticks();
    say_lap(passed_ticks);
    bw_board_timer_restart(); /* so that the line's time does not count */
    has_wrapped = 0;
    bw_board_mark(1);
    status = status == 0 ? run(times) : status;
    uint64_t const end = ticks();
    bw_board_mark(0);
    if (status != 0) {
        refuse("The model failed");
    } else if (has_wrapped) {
        refuse("One inference takes longer than the timer can count");
    } else {
        say_lap(end);
        say("m-infer-done\r\n");
        say_results();
    }
}

static uint32_t hex(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)(digit - '0');
    }
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? (uint32_t)(digit - 'a') + 10u : NONE;
}

/* Take bytes in hex; returns why not, or NULL. */
static const char *load(const char *text)
{
    uint8_t *const bytes = (uint8_t *)sample;
    if (expected_bytes == 0) {
        return "Nothing is expected: begin with db load N";
    }
    for (; *text != '\0'; text += 2) {
        uint32_t const high = hex(text[0]);
        uint32_t const low = high == NONE ? NONE : hex(text[1]);
        if (low == NONE) {
            return "Not pairs of hex digits";
        }
        if (loaded_bytes == expected_bytes) {
            return "More bytes than were announced";
        }
        bytes[loaded_bytes++] = (uint8_t)(high << 4 | low);
    }
    return NULL;
}

static void data(const char *arguments)
{
    const char *why = NULL;
    const char *size = after(arguments, "load");
    if (size != NULL) {
        loaded_bytes = 0;
        expected_bytes = take_number(&size);
        if (*size == '\0' && expected_bytes == sample_bytes) {
            say("m-[Expecting ");
            say_number(expected_bytes, 1);
            say(" bytes]\r\n");
            return;
        }
        say_count("m-[A sample has this many bytes]-", sample_bytes);
        why = "Not the size of a sample";
    } else {
        why = load(arguments);
    }
    if (why != NULL) {
        expected_bytes = 0;
        loaded_bytes = 0;
        refuse(why);
    } else if (loaded_bytes == expected_bytes) {
        expected_bytes = 0;
        say("m-load-done\r\n");
    }
}

static void answer(const char *command)
{
    const char *arguments;
    if (after(command, "name") != NULL) {
        say("m-name-dut-[" BW_BOARD_NAME "]\r\n");
    } else if (after(command, "profile") != NULL) {
        say("m-profile-[boardwright-" BW_TEXT_UNIT "]\r\nm-model-[" BW_TEXT_MODEL "]\r\n");
    } else if (after(command, "timestamp") != NULL) {
        if (bw_board_timer_hz() == 0) {
            refuse("This board has no clock");
        }
        say_lap(ticks());
    } else if ((arguments = after(command, "db")) != NULL) {
        data(arguments);
    } else if ((arguments = after(command, "infer")) != NULL) {
        infer(arguments);
    } else if (after(command, "results") != NULL) {
        if (has_scores) {
            say_results();
        } else {
            refuse("No inference ran");
        }
    } else if (after(command, "help") != NULL) {
        say("m-[name, profile, timestamp, db load N, db HH.., infer N W, results, help]\r\n");
    } else {
        refuse("Unknown command, ask help");
    }
}

void bw_text_begin(bw_raw_t *memory, uint32_t size)
{
    sample = memory;
    sample_bytes = size;
    say("m-init-done\r\nm-ready\r\n");
}

void bw_text_take(uint8_t byte)
{
    if (byte == '%') {
        if (length == LINE_BYTES) {
            refuse("Longer than a command can be");
        } else if (length > 0) { /* a '%' alone asks whether anybody is there */
            line[length] = '\0';
            answer(line);
        }
        length = 0;
        say("m-ready\r\n");
    } else if (byte >= ' ' && byte < 0x7F) {
        if (length < LINE_BYTES) {
            line[length++] = (char)byte;
        }
    } else if (byte != '\r' && byte != '\n') {
        length = 0; /* noise, or the rest of a damaged frame */
    }
}

void bw_text_forget(void)
{
    passed_ticks = ticks(); /* frames restart the timer */
    bw_board_timer_restart();
    length = 0;
    expected_bytes = 0;
    loaded_bytes = 0;
    has_scores = 0;
}
