from __future__ import annotations

from model_compiler import compilation, load_model
from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.c_text import Constant
from model_compiler.ir import Band, Model, Operator
from model_compiler.operators.contract import Emitted
from model_compiler.passes import sharing
from model_compiler.planner import plan
from tests.model_compiler.batch import gather
from tests.model_compiler.networks import networks

CHOSEN = """\
#if BW_DSP
static const int32_t {0}_rows[2] = {{
    1, {1}
}};

static const bw_x_t {0} = {{
    .y = {{1, {2}}},
    .rows = {0}_rows,
}};
#else
static const int8_t {0}_bias[3] = {{
    1, 2, {1}
}};

static const bw_y_t {0} = {{
    .y = {{1, {2}}},
    .bias = {0}_bias,
}};
#endif"""


def bands(*texts: tuple[str, str]) -> dict[int, Emitted]:
    """Share the constants of bands of one operator, each with a name and a text."""
    operators = tuple(
        Operator(index, BuiltinOperator.CONV_2D, (), (), band=Band(index, 0, 1, 0))
        for index in range(len(texts))
    )
    emitted = {
        index: Emitted((f"bw_x(&{name}, a);",), (Constant(name, text, 0),))
        for index, (name, text) in enumerate(texts)
    }
    return sharing.shared_by_bands(Model((), operators, (), (), ""), emitted)


def test_what_differs_in_nothing_but_names_is_written_once() -> None:
    first, second = bands(
        ("x_0", CHOSEN.format("x_0", 7, 3)), ("x_1", CHOSEN.format("x_1", 7, 3))
    ).values()
    assert first.constants[0].text == CHOSEN.format("x_0", 7, 3)
    assert second.constants == ()
    assert second.statements == ("bw_x(&x_0, a);",)


def test_tables_are_shared_where_parameters_differ() -> None:
    _, second = bands(
        ("x_0", CHOSEN.format("x_0", 7, 3)), ("x_1", CHOSEN.format("x_1", 7, 4))
    ).values()
    (left,) = second.constants
    assert "x_1_rows" not in left.text
    assert ".rows = x_0_rows," in left.text
    assert ".bias = x_0_bias," in left.text
    assert left.text.startswith("#if BW_DSP\nstatic const bw_x_t x_1 = {")
    assert left.nbytes == 12
    assert second.statements == ("bw_x(&x_1, a);",)


def test_other_numbers_are_not_shared() -> None:
    _, second = bands(
        ("x_0", CHOSEN.format("x_0", 7, 3)), ("x_1", CHOSEN.format("x_1", 8, 3))
    ).values()
    (left,) = second.constants
    assert left.text == CHOSEN.format("x_1", 8, 3)
    assert left.nbytes == 8 + 12
    assert left.spare_bytes == 8 - 3


def test_every_constant_that_operators_emit_can_be_taken_apart() -> None:
    models = [load_model(case.model) for case in gather(networks(), 20)]
    for model in models:
        for emitted in compilation._emit(model, plan(model)).values():
            for constant in emitted.constants:
                found = sharing._definitions(constant.text)
                branches = [one.branch for one in found]
                assert sharing._constant(constant, branches, found) == constant
