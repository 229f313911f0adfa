"""What the firmware's answers say. A payload of a wrong shape is a ValueError."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

PROTOCOL_VERSION = 1
TIMER_OVERFLOW = 0xFFFF_FFFF

_IDENTITY = struct.Struct("<BBBcIIHIB")
_CLOCK = struct.Struct("<II")
_INFER = struct.Struct("<IIhh")
_STACK = struct.Struct("<II")
_PROFILE = struct.Struct("<III")
_FAULT = struct.Struct("<B8I")
_PHASES = ("while it waited", "in bw_features()", "in the model", "in bw_app_on_result()")


def _unpack(layout: struct.Struct, payload: bytes, what: str) -> tuple[int, ...]:
    if len(payload) != layout.size:
        raise ValueError(f"{what} has {len(payload)} bytes and not {layout.size}")
    return layout.unpack(payload)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers, and what it expects.

    `window` is how many requests may be under way; `raw_dtype` is NumPy's name: "<u1", "<i2".
    """

    version: int
    window: int
    raw_dtype: str
    raw_count: int
    feature_count: int
    class_count: int
    timer_hz: int
    build_id: str
    board: str

    @classmethod
    def parse(cls, payload: bytes) -> Identity:
        """Read the answer to HELLO."""
        if len(payload) < _IDENTITY.size:
            raise ValueError(f"an identity has {len(payload)} bytes, too few")
        version, window, size, kind, raw, features, classes, timer_hz, id_length = _IDENTITY.unpack(
            payload[: _IDENTITY.size]
        )
        if kind not in (b"u", b"i", b"f") or size not in (1, 2, 4):
            raise ValueError("an identity names an unknown type of number")
        names = payload[_IDENTITY.size :].decode("ascii", "replace")
        dtype = f"<{kind.decode()}{size}"
        build_id, board = names[:id_length], names[id_length:]
        return cls(version, window, dtype, raw, features, classes, timer_hz, build_id, board)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Ticks of a call that does nothing, and of a loop of known length."""

    empty_ticks: int
    loop_ticks: int

    @classmethod
    def parse(cls, payload: bytes) -> ClockReading:
        """Read the answer to CLOCK."""
        return cls(*_unpack(_CLOCK, payload, "a clock reading"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one sample led to. `status` is 0, or the negative error of bw_model_invoke()."""

    features_ticks: int
    model_ticks: int
    status: int
    decision: int
    scores: tuple[int, ...]

    @classmethod
    def parse(cls, payload: bytes) -> Answer:
        """Read the answer to INFER."""
        if len(payload) <= _INFER.size:
            raise ValueError(f"an answer has {len(payload)} bytes, too few")
        scores = np.frombuffer(payload, np.int8, offset=_INFER.size)
        features, model, status, decision = _INFER.unpack_from(payload)
        return cls(features, model, status, decision, tuple(scores.tolist()))


@dataclass(frozen=True, slots=True)
class StackReading:
    """Most bytes of stack in use since reset, and how many there are; 0, 0: cannot be told."""

    used_bytes: int
    size_bytes: int

    @classmethod
    def parse(cls, payload: bytes) -> StackReading:
        """Read the answer to STACK."""
        return cls(*_unpack(_STACK, payload, "a stack reading"))


@dataclass(frozen=True, slots=True)
class PointReading:
    """What the last inference spent behind one point of a profiled firmware.

    Each of the `visits` holds `empty_ticks` too many: what the points themselves take.
    """

    empty_ticks: int
    ticks: int
    visits: int

    @classmethod
    def parse(cls, payload: bytes) -> PointReading:
        """Read the answer to PROFILE."""
        return cls(*_unpack(_PROFILE, payload, "the reading of a point"))


@dataclass(frozen=True, slots=True)
class Fault:
    """The registers of a core that met a fault.

    Source: Arm DDI 0403E.e, sections B1.5.6 (exception frame) and B3.2.15 (CFSR), B3.2.16 (HFSR).
    """

    phase: int
    pc: int
    lr: int
    xpsr: int
    sp: int
    cfsr: int
    hfsr: int
    mmfar: int
    bfar: int

    @classmethod
    def parse(cls, payload: bytes) -> Fault:
        """Read a FAULT frame."""
        return cls(*_unpack(_FAULT, payload, "a fault report"))

    @property
    def where(self) -> str:
        """Name the code that was running."""
        return _PHASES[self.phase] if self.phase < len(_PHASES) else f"in phase {self.phase}"

    @property
    def registers(self) -> str:
        """Return the registers as one line."""
        return (
            f"pc={self.pc:#010x} lr={self.lr:#010x} sp={self.sp:#010x} xpsr={self.xpsr:#010x} "
            f"CFSR={self.cfsr:#010x} HFSR={self.hfsr:#010x} MMFAR={self.mmfar:#010x} "
            f"BFAR={self.bfar:#010x}"
        )
