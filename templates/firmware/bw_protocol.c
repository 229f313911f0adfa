/* SPDX-License-Identifier: Apache-2.0 */
#include "bw_protocol.h"

#include "bw_board.h"
#include "bw_build.h"
#ifdef BW_TEXT_MODEL
#include "bw_text.h"
#endif

#define SYNC_0 0xA5
#define SYNC_1 0x5A
#define HEADER_BYTES 5

static uint32_t crc_update(uint32_t crc, const uint8_t *bytes, size_t size)
{
    /* Half a byte at a time: a table of 64 bytes instead of 1,024. */
    static const uint32_t table[16] = {
        0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
        0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
        0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
    };
    for (size_t i = 0; i < size; ++i) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15u];
        crc = (crc >> 4) ^ table[crc & 15u];
    }
    return crc;
}

static uint16_t get_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] | (from[1] << 8));
}

static uint32_t get_u32(const uint8_t *from)
{
    return (uint32_t)get_u16(from) | ((uint32_t)get_u16(from + 2) << 16);
}

uint8_t *bw_put_u16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    return to + 2;
}

uint8_t *bw_put_u32(uint8_t *to, uint32_t value)
{
    return bw_put_u16(bw_put_u16(to, (uint16_t)value), (uint16_t)(value >> 16));
}

/* Read `size` bytes; -1 where the line was closed. */
static int read_bytes(uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; ++i) {
        int const byte = bw_board_read();
        if (byte < 0) {
            return -1;
        }
        to[i] = (uint8_t)byte;
    }
    return 0;
}

/* Read up to the end of the next A5 5A; -1 where the line was closed. */
static int read_sync(void)
{
    int previous = 0;
    for (;;) {
        int const byte = bw_board_read();
        if (byte < 0) {
            return -1;
        }
        if (previous == SYNC_0 && byte == SYNC_1) {
            return 0;
        }
#ifdef BW_TEXT_MODEL
        bw_text_take((uint8_t)byte);
#endif
        previous = byte;
    }
}

/* The one length that a request of this type may have, or -1 for an unknown type. */
static int32_t length_of(uint8_t type, uint16_t sample_bytes)
{
    switch (type) {
    case BW_FRAME_HELLO:
    case BW_FRAME_RESET:
    case BW_FRAME_STACK:
        return 0;
    case BW_FRAME_NAK:
        return 1;
    case BW_FRAME_CLOCK:
        return 4;
#ifdef BW_PROFILE_POINTS
    case BW_FRAME_PROFILE:
        return 4;
#endif
    case BW_FRAME_INFER:
        return sample_bytes;
    default:
        return -1;
    }
}

enum bw_received bw_frame_receive(struct bw_frame *frame, uint8_t *payload, uint16_t sample_bytes)
{
    uint8_t header[HEADER_BYTES];
    if (read_sync() < 0 || read_bytes(header, sizeof header) < 0) {
        return BW_LINE_CLOSED;
    }
    frame->type = header[0];
    frame->sequence = get_u16(header + 1);
    frame->length = get_u16(header + 3);
    if (length_of(frame->type, sample_bytes) != frame->length) {
        return BW_RECEIVED_UNKNOWN;
    }
    uint8_t crc[4];
    if (read_bytes(payload, frame->length) < 0 || read_bytes(crc, sizeof crc) < 0) {
        return BW_LINE_CLOSED;
    }
    uint32_t expected = crc_update(0xFFFFFFFFu, header, sizeof header);
    expected = ~crc_update(expected, payload, frame->length);
    return expected == get_u32(crc) ? BW_RECEIVED : BW_RECEIVED_DAMAGED;
}

void bw_frame_send(const struct bw_frame *frame, const uint8_t *payload)
{
    uint8_t header[2 + HEADER_BYTES] = {SYNC_0, SYNC_1, frame->type};
    bw_put_u16(bw_put_u16(header + 3, frame->sequence), frame->length);
    uint32_t crc = crc_update(0xFFFFFFFFu, header + 2, HEADER_BYTES);
    crc = ~crc_update(crc, payload, frame->length);
    uint8_t tail[4];
    bw_put_u32(tail, crc);
    bw_board_write(header, sizeof header);
    bw_board_write(payload, frame->length);
    bw_board_write(tail, sizeof tail);
}
