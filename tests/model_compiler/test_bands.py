"""Operators that run band by band answer as whole ones do, in every byte, and need less memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import strategies as st

from model_compiler import CompiledModel, compilation, compile_model, load_model
from model_compiler.ir import Model
from model_compiler.passes.bands import Region, in_bands, most_bands, regions_around
from tests.model_compiler.batch import (
    SANITIZED,
    Compiled,
    assert_equal,
    gather,
    needs_gcc,
    run_host,
)
from tests.model_compiler.cases import Case, finish
from tests.model_compiler.networks import Network, networks
from tests.model_compiler.oracle import needs_oracle
from tests.model_compiler.tflite_builder import Activation, ModelBuilder, Padding

REGIONS_OF_A_CASE = 3


def weights(net: Network, x: int, shape: tuple[int, ...], axis: int) -> tuple[int, int]:
    scale = np.float32(net.model.tensors[x].scale[0])
    scales = net.random.uniform(0.001, 0.02, shape[axis]).astype(np.float32)
    data = net.random.integers(-127, 128, shape, dtype=np.int8)
    bias = net.random.integers(-500, 500, shape[axis])
    return (
        net.model.tensor(shape, scale=scales, axis=axis, data=data),
        net.model.tensor((shape[axis],), "int32", scale=scales * scale, data=bias),
    )


def windowed(net: Network, x: int) -> int | None:
    """Add a convolution or a pool of random window, stride, dilation and padding."""
    r = net.random
    _, height, width, channels = net.shape(x)
    size, stride, dilation = (int(r.integers(1, most + 1)) for most in (5, 3, 2))
    kind = ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D")[int(r.integers(4))]
    is_pool = kind.endswith("POOL_2D")
    reach = size if is_pool else (size - 1) * dilation + 1
    padding = Padding(int(r.integers(2)))
    lost = 0 if padding is Padding.SAME else reach - 1
    if min(height, width) <= lost:
        return None
    out = [math.ceil((n - lost) / stride) for n in (height, width)]
    options = {"padding": padding, "stride_h": stride, "stride_w": stride}
    if is_pool:
        y = net.like(x, (1, *out, channels))
        net.add(kind, [x], [y], filter_height=size, filter_width=size, **options)
        return y
    options |= {"dilation_h": dilation, "dilation_w": dilation, "activation": net.fused()}
    if kind == "DEPTHWISE_CONV_2D":
        filters, shape, options["multiplier"] = channels, (1, size, size, channels), 1
    else:
        filters = int(r.integers(1, 7))
        shape = (filters, size, size, channels)
    y = net.new((1, *out, filters))
    net.add(kind, [x, *weights(net, x, shape, 3 if "DEPTH" in kind else 0)], [y], **options)
    return y


def row_by_row(net: Network, x: int) -> int | None:
    """Add an operator whose rows depend on the same rows of what it reads."""
    kind = int(net.random.integers(5))
    partners = [i for i in net.values if net.shape(i) == net.shape(x)]
    other = int(net.random.choice(partners))
    y = net.new(net.shape(x))
    if kind == 0:
        net.add("ADD", [x, other], [y], activation=Activation.RELU)
    elif kind == 1:
        net.add("HARD_SWISH", [x], [y])
    elif kind == 2:
        channels = net.shape(x)[-1:]
        data = net.random.integers(-128, 128, channels, dtype=np.int8)
        factors = net.model.tensor(channels, scale=0.05, zero_point=3, data=data)
        net.add("MUL", [factors, x], [y])
    elif kind == 3:
        same = net.like(x, net.shape(x))
        net.add("QUANTIZE", [other], [same])
        y = net.like(x, (*net.shape(x)[:3], 2 * net.shape(x)[3]))
        net.add("CONCATENATION", [x, same], [y], axis=-1)
    else:
        net.add("SUB", [other, x], [y])
    return y


@st.composite
def images(draw: Callable[[st.SearchStrategy[int]], int]) -> Case:
    """Draw a network of images that branch and join, taller than those of other tests."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    net = Network(random)
    shape = (1, int(random.integers(6, 20)), int(random.integers(3, 7)), int(random.integers(1, 5)))
    x = net.new(shape)
    net.values.append(x)
    for _ in range(draw(st.integers(2, 7))):
        source = net.values[-1] if random.random() < 0.8 else int(random.choice(net.values[-3:]))
        (windowed if random.random() < 0.6 else row_by_row)(net, source)
    made = [index for index in net.values if index != x]
    if not made:
        net.add("RELU", [x], [net.new(shape)])
        made = net.values[1:]
    loose = [index for index in made if index not in net.used]
    return finish(f"images({seed}: {' '.join(net.steps)})", net.model, [x], loose[-3:], seed)


def forced(model: Model, region: Region, name: str) -> CompiledModel:
    """Compile a model with a region in bands, whether that helps or not."""
    rewritten = in_bands(model, region)
    with mock.patch.object(compilation, "with_bands", lambda *_: (rewritten, (region,))):
        return compile_model(model, name=name)


def some_regions(model: Model, seed: int) -> list[Region]:
    """Return a few of all regions, in any possible number of bands."""
    places = {place for op in model.operators for place in regions_around(model, op.index)}
    chance = np.random.default_rng(seed)
    found = [
        Region(first, end, int(chance.integers(2, most_bands(model, end) + 1)))
        for first, end in sorted(places)
        if most_bands(model, end) > 1
    ]
    chance.shuffle(found)
    return found[:REGIONS_OF_A_CASE]


def assert_bands_are_exact(
    cases: list[Case], folder: Path, flags: tuple[str, ...] | None = None
) -> int:
    """Compile cases with regions in bands, compare with TFLM, and return how many there were."""
    taken: list[Compiled] = []
    for number, case in enumerate(cases):
        model = load_model(case.model)
        for region in some_regions(model, number):
            whole = compile_model(model)
            output = forced(model, region, f"m{len(taken)}")
            assert output.summary.macs <= whole.summary.macs, f"{case} {region}"
            labelled = Case(f"{case} {region}", case.model, case.inputs, case.outputs)
            taken.append(Compiled(labelled, dict(output.files)))
    assert_equal(taken, run_host(taken, folder, *([flags] if flags else [])))
    return len(taken)


@needs_oracle
@needs_gcc
def test_a_few_networks_in_bands(tmp_path: Path) -> None:
    assert assert_bands_are_exact(gather(images(), 12), tmp_path) >= 10


@needs_oracle
@needs_gcc
@pytest.mark.slow
def test_many_networks_in_bands(tmp_path: Path) -> None:
    assert assert_bands_are_exact(gather(images(), 60), tmp_path) >= 80


@needs_oracle
@needs_gcc
@pytest.mark.slow
def test_networks_of_all_operators_in_bands(tmp_path: Path) -> None:
    assert assert_bands_are_exact(gather(networks(), 80), tmp_path) >= 20


@needs_oracle
@needs_gcc
@pytest.mark.slow
def test_sanitizers_find_nothing_in_bands(tmp_path: Path) -> None:
    assert assert_bands_are_exact(gather(images(), 20), tmp_path, SANITIZED) >= 20


def tall(operators: int = 4, height: int = 32) -> bytes:
    """Build a chain of convolutions on tall images, which is where bands help."""
    net = Network(np.random.default_rng(1))
    x = first = net.new((1, height, 8, 4))
    for _ in range(operators):
        y = net.new((1, height, 8, 4))
        pair = weights(net, x, (4, 3, 3, 4), 0)
        net.add("CONV_2D", [x, *pair], [y], padding=Padding.SAME, stride_h=1, stride_w=1)
        x = y
    last = net.like(x, (1, height // 8, 1, 4))
    sizes = {"filter_height": 8, "filter_width": 8, "stride_h": 8, "stride_w": 8}
    net.add("AVERAGE_POOL_2D", [x], [last], padding=Padding.VALID, **sizes)
    return net.model.finish([first], [last])


def test_bands_lower_the_arena_and_compute_nothing_twice() -> None:
    model = load_model(tall())
    whole, halves, best = (compile_model(model, bands=n).summary for n in (1, 2, "auto"))
    assert whole.banded == ()
    assert best.arena_bytes < halves.arena_bytes < whole.arena_bytes == best.whole_arena_bytes
    assert whole.macs == halves.macs == best.macs
    assert halves.banded[0].bands == 2


def test_bands_of_one_operator_share_its_tables() -> None:
    model = load_model(tall())
    whole, banded = (compile_model(model, bands=n) for n in (1, 4))
    text = banded.files["bw_model.c"]
    assert text.count("_bias[") == whole.files["bw_model.c"].count("_bias[") == 4
    assert text.count("    bw_conv_2d") > 8


def test_where_bands_do_not_help_nothing_changes() -> None:
    net = Network(np.random.default_rng(1))
    x, y = net.new((1, 8, 4, 2)), net.new((1, 8, 4, 2))
    net.add("HARD_SWISH", [x], [y])
    model = load_model(net.model.finish([x], [y]))
    assert dict(compile_model(model, bands="auto").files) == dict(compile_model(model).files)


def test_the_choice_is_the_same_each_time() -> None:
    model = load_model(tall())
    first, second = (compile_model(model, bands="auto") for _ in range(2))
    assert dict(first.files) == dict(second.files)


@pytest.mark.parametrize("bands", [0, -3])
def test_less_than_one_band_is_refused(bands: int) -> None:
    with pytest.raises(ValueError, match="use 1 or more, or 'auto'"):
        compile_model(load_model(tall(1)), bands=bands)


def test_an_image_that_is_read_elsewhere_stays_whole() -> None:
    builder = ModelBuilder()
    x, y, z, flat = (builder.tensor(s, scale=0.1) for s in (*[(1, 8, 4, 2)] * 3, (1, 64)))
    builder.add("RELU", [x], [y])
    builder.add("RELU", [y], [z])
    builder.add("RESHAPE", [y, builder.constant([1, 64])], [flat], new_shape=(1, 64))
    model = load_model(builder.finish([x], [z, flat]))
    assert list(regions_around(model, 0)) == []


def test_auto_leaves_each_band_pixels_enough() -> None:
    found = compile_model(load_model(tall()), bands="auto").summary
    (region,) = found.banded
    bands = [(op.band, op.output_shape) for op in found.operators if op.band is not None]
    source = bands[-1][0].source
    rows = [band.rows for band, _ in bands if band.source == source]
    assert len(rows) == region.bands > 1
    assert min(rows) * bands[-1][1][2] >= 16
