from __future__ import annotations

import itertools

import numpy as np
import pytest

from model_compiler import ir, planner
from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.ir import Model, Operator, Quantization, Tensor
from model_compiler.operators import OPERATORS
from model_compiler.operators.contract import Memory
from model_compiler.schema import TensorType

UNIT = Quantization((1.0,), (0,))


def tensor(index: int, size: int) -> Tensor:
    return Tensor(index, f"t{index}", (1, size), TensorType.INT8, UNIT)


def model(sizes: list[int], steps: list[tuple[str, int, int]], outputs: tuple[int, ...]) -> Model:
    """Build a model of one-input operators, which the planner takes unchecked."""
    operators = tuple(
        Operator(index, BuiltinOperator[kind], (source,), (target,))
        for index, (kind, source, target) in enumerate(steps)
    )
    tensors = tuple(tensor(index, size) for index, size in enumerate(sizes))
    return Model(tensors, operators, (0,), outputs, "")


def test_a_chain_needs_its_two_greatest_neighbours() -> None:
    chain = model([100, 50, 60, 10], [("MAX_POOL_2D", i, i + 1) for i in range(3)], (3,))
    plan = planner.plan(chain)
    assert plan.arena_bytes == plan.lower_bound_bytes == 112 + 64
    assert all(offset % planner.ALIGNMENT_BYTES == 0 for offset in plan.offsets.values())


def test_views_share_memory_and_keep_it_alive() -> None:
    steps = [("MAX_POOL_2D", 0, 1), ("RESHAPE", 1, 2), ("MAX_POOL_2D", 0, 3), ("MAX_POOL_2D", 2, 4)]
    plan = planner.plan(model([32, 32, 32, 32, 32], steps, (3, 4)))
    assert plan.offsets[1] == plan.offsets[2]
    assert len({plan.offsets[2], plan.offsets[3], plan.offsets[4]}) == 3


def test_in_place_takes_an_input_that_nobody_needs_later() -> None:
    plan = planner.plan(model([48, 48, 48], [("LOGISTIC", 0, 1), ("LOGISTIC", 1, 2)], (2,)))
    assert plan.arena_bytes == 48


def test_in_place_leaves_an_input_that_is_read_again() -> None:
    steps = [("LOGISTIC", 0, 1), ("LOGISTIC", 0, 2)]
    plan = planner.plan(model([48, 48, 48], steps, (1, 2)))
    assert plan.offsets[0] != plan.offsets[1]
    assert plan.offsets[2] == plan.offsets[0]


def test_an_output_survives_to_the_end() -> None:
    steps = [("MAX_POOL_2D", 0, 1), ("MAX_POOL_2D", 1, 2), ("MAX_POOL_2D", 2, 3)]
    plan = planner.plan(model([16, 16, 16, 16], steps, (1, 3)))
    assert plan.offsets[1] not in (plan.offsets[2], plan.offsets[3])


def test_an_output_of_the_model_is_not_replaced_in_place() -> None:
    plan = planner.plan(model([16, 16, 16], [("LOGISTIC", 0, 1), ("LOGISTIC", 1, 2)], (1, 2)))
    assert plan.offsets[1] != plan.offsets[2]


@pytest.mark.parametrize("seed", range(30))
def test_what_lives_together_does_not_overlap(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(3, 14))
    sizes = random.integers(1, 400, count).tolist()
    kinds = ("MAX_POOL_2D", "LOGISTIC", "RESHAPE")
    steps = []
    for target in range(1, count):
        kind, source = kinds[random.integers(3)], int(random.integers(target))
        if kind == "RESHAPE":
            sizes[target] = sizes[source]
        steps.append((kind, source, target))
    unread = set(range(count)) - {source for _, source, _ in steps}
    drawn = model(sizes, steps, tuple(sorted(unread)))
    plan = planner.plan(drawn)
    assert plan.lower_bound_bytes <= plan.arena_bytes
    assert_memory_holds(drawn, plan)


def assert_memory_holds(drawn: Model, plan: planner.Plan) -> None:
    """Replay the operators on byte labels: each tensor still holds its own when it is read."""
    arena = np.full(plan.arena_bytes, -1)
    content: dict[int, int] = {0: 0}

    def cells(index: int) -> slice:
        start = plan.offsets[index]
        return slice(start, start + drawn.tensors[index].nbytes)

    arena[cells(0)] = 0
    for op in drawn.operators:
        (source,), (target,) = op.inputs, op.outputs
        assert (arena[cells(source)] == content[source]).all()
        if OPERATORS[op.code].MEMORY is Memory.VIEW:
            content[target] = content[source]
        else:
            content[target] = target
            arena[cells(target)] = target
    for index in drawn.outputs:
        assert (arena[cells(index)] == content[index]).all()


def test_the_plan_is_the_same_each_time() -> None:
    drawn = model([100, 50, 60, 10], [("MAX_POOL_2D", i, i + 1) for i in range(3)], (3,))
    first, second = planner.plan(drawn), planner.plan(drawn)
    assert first == second


def test_scratch_has_a_place_of_its_own() -> None:
    weights = Tensor(
        1, "w", (4, 3, 3, 2), TensorType.INT8, UNIT, np.ones((4, 3, 3, 2), np.int8).tobytes()
    )
    from model_compiler.options import Conv2DOptions

    tensors = (
        Tensor(0, "x", (1, 5, 5, 2), TensorType.INT8, UNIT),
        weights,
        Tensor(2, "y", (1, 5, 5, 4), TensorType.INT8, UNIT),
    )
    options = Conv2DOptions(stride_w=1, stride_h=1)
    conv = Operator(0, BuiltinOperator.CONV_2D, (0, 1, ir.NO_TENSOR), (2,), options)
    plan = planner.plan(Model(tensors, (conv,), (0,), (2,), ""))
    places = [
        (plan.offsets[0], 50),
        (plan.offsets[2], 100),
        (plan.scratch_offsets[0], 2 * 18),
    ]
    for (a, a_size), (b, b_size) in itertools.combinations(places, 2):
        assert a + a_size <= b or b + b_size <= a
