/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, both directions, little-endian:
 *
 *     A5 5A | type u8 | sequence u16 | length u16 | payload | CRC-32 of type to payload
 *
 * The CRC is that of IEEE 802.3 (reflected, 0xEDB88320). A request's length is fixed by its type, so a
 * damaged length is seen before a single byte of payload is waited for.
 */
#ifndef BW_PROTOCOL_H
#define BW_PROTOCOL_H

#include <stdint.h>

enum bw_frame_type {
    BW_FRAME_HELLO = 0x01, /* who are you? Begins a session: any sequence number is taken */
    BW_FRAME_CLOCK = 0x02, /* u32 turns of the known loop */
    BW_FRAME_RESET = 0x03, /* forget what the application remembers */
    BW_FRAME_INFER = 0x04, /* one raw sample */
    BW_FRAME_STACK = 0x05, /* how deep was the stack? */
    BW_FRAME_PROFILE = 0x06, /* u32 point of the last inference; only where the firmware has points */
    BW_FRAME_NAK = 0x7F,   /* the sequence number says which frame is wanted; u8 bw_nak_reason */
    BW_FRAME_ANSWER = 0x80, /* or'ed to the type of the request that is answered */
    BW_FRAME_FAULT = 0xF0  /* the core met a fault; see bw_startup.c */
};

enum bw_nak_reason {
    BW_NAK_CRC = 0,      /* the frame was damaged */
    BW_NAK_SEQUENCE = 1, /* a frame before this one is missing */
    BW_NAK_REQUEST = 2   /* no request has this type and length */
};

struct bw_frame {
    uint8_t type;
    uint16_t sequence;
    uint16_t length;
};

enum bw_received {
    BW_RECEIVED = 0,
    BW_RECEIVED_DAMAGED = -1,
    BW_RECEIVED_UNKNOWN = -2,
    BW_LINE_CLOSED = -3
};

/* Wait for a frame. `payload` has room for `sample_bytes`, the length of a BW_FRAME_INFER, and for 4. */
enum bw_received bw_frame_receive(struct bw_frame *frame, uint8_t *payload, uint16_t sample_bytes);

/* Send a frame with `frame->length` bytes of payload. */
void bw_frame_send(const struct bw_frame *frame, const uint8_t *payload);

/* Write a value in little-endian order and return the place after it. */
uint8_t *bw_put_u16(uint8_t *to, uint16_t value);
uint8_t *bw_put_u32(uint8_t *to, uint32_t value);

#endif
