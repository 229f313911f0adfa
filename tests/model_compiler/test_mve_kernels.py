"""The kernels for Helium at the edges of their vectors, and that reading beyond them is seen."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.model_compiler.batch import (
    KERNEL_SETS,
    SANITIZED,
    assert_equal,
    compiled,
    gather,
    needs_gcc,
    run_host,
)
from tests.model_compiler.cases import (
    FUSED,
    SCALES,
    SEEDS,
    ZERO_POINTS,
    Case,
    Draw,
    bias,
    describe,
    finish,
    natural_scale,
    weights,
)
from tests.model_compiler.oracle import needs_oracle
from tests.model_compiler.tflite_builder import ModelBuilder, Padding

pytestmark = [needs_gcc, pytest.mark.slow]

FLAGS = (*SANITIZED, *KERNEL_SETS["mve"])


@st.composite
def pointwise(draw: Draw) -> Case:
    """CONV_2D of 1x1 over whole vectors of channels, or half of one: nothing is gathered."""
    height, width, filters = (draw(st.integers(1, most)) for most in (4, 5, 9))
    channels = draw(st.sampled_from([8, 16, 32, 48, 64, 80, 144]))
    model, random = ModelBuilder(), np.random.default_rng(draw(SEEDS))
    scale = draw(SCALES)
    shape = (1, height, width, channels)
    x = model.tensor(shape, scale=scale, zero_point=draw(ZERO_POINTS))
    w, scales = weights(draw, model, (filters, 1, 1, channels), 0, random)
    b = bias(draw, model, filters, scales * np.float32(scale), random)
    real = scale * float(scales.max()) * 74 * 74 * math.sqrt(channels) / 64
    y = model.tensor(
        (1, height, width, filters),
        scale=natural_scale(draw, real),
        zero_point=draw(ZERO_POINTS),
    )
    options = {"padding": Padding.VALID, "stride_h": 1, "stride_w": 1, "activation": draw(FUSED)}
    model.add("CONV_2D", [x, w, b], [y], **options, dilation_h=1, dilation_w=1)
    label = describe("CONV_2D", x=shape, filters=filters, activation=options["activation"])
    return finish(label, model, [x], [y], draw(SEEDS))


@needs_oracle
def test_whole_vectors(tmp_path: Path) -> None:
    taken, refused = compiled(gather(pointwise(), 60))
    assert len(taken) > 40, refused
    assert_equal(taken, run_host(taken, tmp_path, FLAGS))


def test_a_vector_that_exceeds_its_tensor_is_seen(tmp_path: Path) -> None:
    """A load of 16 bytes of which 1 is there stops the program, under a predicate it does not."""
    source = tmp_path / "overrun.c"
    source.write_text(
        "/* SPDX-License-Identifier: Apache-2.0 */\n"
        "#include <arm_mve.h>\n#include <stdlib.h>\n"
        "int main(int n, char **v)\n{\n"
        "    int8_t *const x = calloc(17, 1);\n"
        "    (void)v;\n"
        "    const mve_pred16_t some = vctp8q(n > 1 ? 16u : 1u);\n"
        "    const int8x16_t zero = vdupq_n_s8(0);\n"
        "    const int32_t sum = vmladavq_s8(vldrbq_z_s8(x + 16, some), zero);\n"
        "    free(x);\n    return (int)sum;\n}\n"
    )
    program = tmp_path / "overrun"
    subprocess.run(["gcc", *FLAGS, "-o", program, source], check=True)
    assert subprocess.run([program], check=False).returncode == 0
    overrun = subprocess.run([program, "all"], check=False, capture_output=True)
    assert overrun.returncode != 0
    assert b"arm_mve.h" in overrun.stderr
