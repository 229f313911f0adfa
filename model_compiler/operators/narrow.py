"""Weights and parameters as kernels for the DSP extension take them.

Such a kernel computes 256 times each sum, for which one of each two neighbouring weights need not
be unpacked; kernels/bw_conv_2d_dsp.c explains it. It takes narrow weights and sums within 24 bits,
which is what converters make; everything else is left to the general kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_compiler.arithmetic import multiply_by_quantized_multiplier, quantize_multiplier
from model_compiler.c_text import Constant, array, by_kernel_set, number
from model_compiler.operators.contract import Context
from model_compiler.operators.weighted_sum import Operands, folded_bias, sum_bounds

_CHANNEL_AXIS = 0
_SCALE = 256  # of the kernel's sums
_SUM_LIMIT = 2**31 // _SCALE
_EVEN_OFFSET = 127  # what the kernel adds to inputs that meet weights at even places
_SHIFTS = range(1, 24)  # sums that are shifted further become 0


@dataclass(frozen=True, slots=True)
class Channel:
    """What turns 256 times a channel's sum into an output; see bw_channel_t."""

    bias: int
    multiplier: int
    addend: int
    shift: int

    @property
    def members(self) -> tuple[int, int, int, int]:
        """Return the members in the order of the C struct."""
        return self.bias, self.multiplier, self.addend, self.shift


def quads(found: Operands) -> int:
    """Return how many words of four weights an output channel has, the last one filled up."""
    return -(-found.weights.count // found.weights.shape[_CHANNEL_AXIS] // 4)


def words(found: Operands) -> npt.NDArray[np.int64] | None:
    """Return the weights, four in a word, `[output channels, quads]`; None if they are not narrow.

    A word of the weights a, b, c, d holds 256 b + a and 256 d + c, the first one lowest.
    """
    rows = found.weights.values().astype(np.int64).reshape(found.weights.shape[_CHANNEL_AXIS], -1)
    padded = np.pad(rows, ((0, 0), (0, 4 * quads(found) - rows.shape[1])))
    halves = _SCALE * padded[:, 1::2] + padded[:, 0::2]
    if halves.min(initial=0) < -(2**15):
        return None
    halves &= 0xFFFF
    packed: npt.NDArray[np.int64] = halves[:, 0::2] | halves[:, 1::2] << 16
    return packed


def interleaved(packed: npt.NDArray[np.int64], together: int) -> list[int]:
    """Return words quad by quad for `together` channels at once, zeros where channels lack."""
    channels, count = packed.shape
    full = np.pad(packed, ((0, -channels % together), (0, 0)))
    ordered = full.reshape(-1, together, count).transpose(0, 2, 1)
    result: list[int] = ordered.ravel().tolist()
    return result


def weights(found: Operands, context: Context, together: int) -> Constant:
    """Return the weights `narrow_<tensor index>`: as they are, and for the DSP extension packed."""
    key = (found.weights.index, "narrow")
    if key not in context.texts:
        packed = words(found)
        assert packed is not None  # noqa: S101, the caller has asked
        name = f"narrow_{found.weights.index}"
        plain = array("int8_t", name, found.weights.values().ravel().tolist())
        signed = (np.array(interleaved(packed, together)) + 2**31) % 2**32 - 2**31
        dsp = array("int32_t", name, signed.tolist())
        context.texts[key] = by_kernel_set(plain, dsp=dsp)
    return context.texts[key]


def together(*constants: Constant) -> Constant:
    """Return constants as one, with the name of the last."""
    text = "\n\n".join(constant.text for constant in constants)
    return Constant(constants[-1].name, text, sum(constant.nbytes for constant in constants))


def table(ctype: str, name: str, rows: Sequence[Sequence[int]]) -> Constant:
    """Return `static const <ctype> <name>[n] = {...};`, one struct of 32-bit members a line."""
    lines = "".join(f"    {{{', '.join(map(number, row))}}},\n" for row in rows)
    text = f"static const {ctype} {name}[{len(rows)}] = {{\n{lines}}};"
    return Constant(name, text, 4 * sum(map(len, rows)))


def biases(found: Operands) -> list[int]:
    """Return what 256 times each sum starts from, modulo 2^32."""
    rows = found.weights.values().astype(np.int64).reshape(found.weights.shape[_CHANNEL_AXIS], -1)
    even = rows[:, 0::2].sum(axis=1)
    values = _SCALE * folded_bias(found, _CHANNEL_AXIS) - _EVEN_OFFSET * even
    result: list[int] = ((values + 2**31) % 2**32 - 2**31).tolist()
    return result


def channels(
    found: Operands, multipliers: list[float], cut: tuple[int, int]
) -> list[Channel] | None:
    """Return the parameters of each output channel; None if the kernel cannot take one of them.

    Args:
        found: The operator's tensors, checked.
        multipliers: Real multiplier of each channel.
        cut: Least and greatest output.
    """
    result = []
    for bias, (least, greatest), multiplier in zip(
        biases(found), sum_bounds(found, _CHANNEL_AXIS), multipliers, strict=True
    ):
        fixed, shift = quantize_multiplier(multiplier)
        ends = {_output(found, end, fixed, shift, cut) for end in (least, greatest)}
        if len(ends) == 1:  # as the answer never falls where the sum rises, it is the same always
            result.append(Channel(0, 0, 2 * ends.pop() + 1, 1))
        elif least >= -_SUM_LIMIT and greatest < _SUM_LIMIT and -shift in _SHIFTS:
            result.append(Channel(bias, fixed, addend(found, -shift), -shift))
        else:
            return None
    return result


def shared_scale(found: Operands, multiplier: float) -> tuple[int, int, int] | None:
    """Return multiplier, addend and shift for all channels; None if the kernel cannot take them."""
    fixed, shift = quantize_multiplier(multiplier)
    if -shift not in _SHIFTS or not all(map(_fits, sum_bounds(found, _CHANNEL_AXIS))):
        return None
    return fixed, addend(found, -shift), -shift


def _fits(bounds: tuple[int, int]) -> bool:
    least, greatest = bounds
    return min(least, -greatest - 1) >= -_SUM_LIMIT


def _output(found: Operands, total: int, fixed: int, shift: int, cut: tuple[int, int]) -> int:
    scaled = multiply_by_quantized_multiplier(total, fixed, shift)
    return min(max(scaled + found.output.zero_point, cut[0]), cut[1])


def addend(found: Operands, right_shift: int) -> int:
    """Return the output's zero point and half a step, before the shift."""
    return (found.output.zero_point << right_shift) + (1 << (right_shift - 1))
