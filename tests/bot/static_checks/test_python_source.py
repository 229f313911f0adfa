"""Each rule for Python has a file that breaks it, and one like it that does not."""

from __future__ import annotations

import pytest

from bot.evidence import Stage
from bot.static_checks.python_source import check_python

DATA, TRAIN, CONVERT = Stage.DATA, Stage.TRAIN, Stage.CONVERT
LOAD = "def load(path):\n    return np.load(path)\n"
FIT = """\
def fit(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.layers.Dense(3)])
    return model, model.fit(x_train, y_train, validation_data=(x_val, y_val)).history
"""
CONVERTS = """\
def convert(model, calibration):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.representative_dataset = lambda: ([s[np.newaxis]] for s in calibration)
    return converter.convert()
"""
HEADS = {
    DATA: "import numpy as np\n",
    TRAIN: "import keras\n",
    CONVERT: "import numpy as np\nimport tensorflow as tf\n",
}
WHOLE = {DATA: LOAD, TRAIN: FIT, CONVERT: CONVERTS}


def rules(stage: Stage, more: str = "", body: str = "", head: str = "") -> set[str]:
    """Check a file of a stage that is right but for what is added."""
    text = HEADS[stage] + head + (body or WHOLE[stage]) + more
    return {finding.rule for finding in check_python(f"{stage.value}.py", text, stage)}


@pytest.mark.parametrize("stage", WHOLE)
def test_a_plain_file_passes(stage: Stage) -> None:
    assert rules(stage) == set()


IMPORTS = [
    ("import subprocess", "import statistics"),
    ("import socket", "import struct"),
    ("import os.path", "import pathlib"),
    ("import ctypes", "import csv"),
    ("import requests", "import sklearn.preprocessing"),
    ("from importlib import import_module", "from itertools import pairwise"),
    ("from . import data", "from scipy import signal"),
    ("from numpy import ctypeslib", "from numpy import linalg"),
    ("from numpy import *", "from numpy import float32"),
    ("import scipy.os", "import scipy.io.wavfile"),
    ("import pickle", "import json"),
]


@pytest.mark.parametrize(("bad", "good"), IMPORTS)
def test_imports(bad: str, good: str) -> None:
    assert rules(DATA, head=f"{bad}\n") == {"python.import"}
    assert rules(DATA, head=f"{good}\n") == set()


def test_pictures_are_decoded_by_data_only() -> None:
    assert rules(DATA, head="from PIL import Image\n") == set()
    assert rules(TRAIN, head="from PIL import Image\n") == {"python.import"}


OTHERS = [
    ("builtin", TRAIN, "A = eval('1')", "A = float('1')"),
    ("builtin", TRAIN, "exec('a = 1')", "A = 1"),
    ("builtin", TRAIN, "compile('1', '', 'eval')", "keras.Model().compile()"),
    ("builtin", TRAIN, "__import__('os')", "A = __name__"),
    ("builtin", TRAIN, "getattr(keras, '__cla' + 'ss__')", "A = hasattr(keras, 'Model')"),
    ("builtin", CONVERT, "globals()['x'] = 1", "X = 1"),
    ("insides", TRAIN, "A = ().__class__.__bases__", "A = type(())"),
    ("insides", TRAIN, "A = __builtins__", "A = __doc__"),
    ("insides", TRAIN, "A = keras.os", "A = keras.ops"),
    ("insides", CONVERT, "A = np.ctypeslib", "A = np.linalg"),
    ("insides", CONVERT, "tf.load_op_library('x.so')", "A = tf.constant(1)"),
    ("undefined", TRAIN, "def a():\n    return np.pi", "def a():\n    return keras.Model"),
    ("undefined", TRAIN, "A = [b for c in (1,)]", "A = [c for c in (1,)]"),
    ("undefined", TRAIN, "class A:\n    b = c", "class A:\n    b = 1\n    c = b"),
    ("undefined", TRAIN, "A = B", "def a():\n    global B\n    B = 1\n\n\nC = [lambda: B]"),
    ("read", TRAIN, "keras.models.load_model('m.keras')", "keras.models.clone_model(None)"),
    ("read", CONVERT, "np.loadtxt('train.csv')", "np.zeros(3)"),
    ("read", CONVERT, "tf.lite.TFLiteConverter.from_saved_model('x')", "np.ones(3)"),
    ("write", TRAIN, "keras.Model().save('m.keras')", "keras.Model().summary()"),
    ("write", TRAIN, "keras.callbacks.TensorBoard()", "keras.callbacks.EarlyStopping()"),
    ("write", DATA, "open('a', 'w')", "def a(path):\n    open(path, encoding='utf-8')"),
    ("write", DATA, "def a(p):\n    p.write_text('')", "def a(p):\n    p.read_text()"),
    ("write", DATA, "def a(p):\n    p.open('wb')", "def a(p):\n    p.open('rb')"),
    ("write", CONVERT, "np.save('a', 1)", "np.sum(1)"),
    ("place", DATA, "np.loadtxt('/etc/passwd')", "def a(path):\n    np.loadtxt(path)"),
    ("place", DATA, "open('train.csv')", "def a(path):\n    open(path / 'a.csv')"),
    (
        "place",
        DATA,
        "import pathlib\nA = pathlib.Path('/home')",
        "import pathlib\n\n\ndef a(path):\n    pathlib.Path(path)",
    ),
    ("place", DATA, "import pathlib\nA = pathlib.Path.home()", "def a(p):\n    p.iterdir()"),
    ("pickle", DATA, "def a(path):\n    np.load(path, allow_pickle=True)", "A = 1"),
    ("pickle", DATA, "def a(p):\n    pd.read_pickle(p)\n\n\npd = np", "pd = np"),
    ("other_data", DATA, "from sklearn.datasets import load_digits", "import sklearn.metrics"),
    ("other_data", TRAIN, "keras.datasets.mnist.load_data()", "keras.losses.get('mse')"),
    ("other_data", TRAIN, "keras.utils.get_file('a')", "keras.utils.to_categorical(1)"),
]


@pytest.mark.parametrize(("rule", "stage", "bad", "good"), OTHERS)
def test_rules(rule: str, stage: Stage, bad: str, good: str) -> None:
    assert f"python.{rule}" in rules(stage, f"\n\n{bad}\n")
    assert rules(stage, f"\n\n{good}\n") == set()


SIGNATURES = [
    (DATA, "def read(path):\n    return path\n"),
    (DATA, "def load(file):\n    return file\n"),
    (DATA, "async def load(path):\n    return path\n"),
    (DATA, "def load(path, more=1):\n    return path\n"),
    (DATA, "def load(*path):\n    return path\n"),
    (DATA, "if True:\n    def load(path):\n        return path\n"),
    (TRAIN, FIT.replace("x_train, y_train, x_val", "y_train, x_train, x_val", 1)),
    (TRAIN, "import functools\n\n\n@functools.cache\n" + FIT),
    (CONVERT, CONVERTS.replace("calibration)", "calibration, *, quick)", 1)),
]


@pytest.mark.parametrize(("stage", "body"), SIGNATURES)
def test_the_function_of_the_contract_is_wanted(stage: Stage, body: str) -> None:
    assert "python.signature" in rules(stage, body=body)


def test_calibration_on_random_numbers_is_told_before_anything_runs() -> None:
    invented = CONVERTS.replace("calibration)\n    return", "np.random.rand(100, 3))\n    return")
    (finding,) = check_python("convert.py", HEADS[CONVERT] + invented, CONVERT)
    assert finding.rule == "python.unused"
    assert "'calibration'" in finding.message
    assert "never from invented numbers" in finding.cure


def test_a_seed_that_is_not_used() -> None:
    assert rules(TRAIN, body=FIT.replace("(seed)", "(1)")) == {"python.unused"}


SCALED = ["x_train / 255.0", "(x_train - 3)", "0.1 * x_train", "x_train.astype('float32') / 16"]


@pytest.mark.parametrize("scaled", SCALED)
def test_normalisation_in_training_only(scaled: str) -> None:
    bad = FIT.replace("model.fit(x_train", f"model.fit({scaled}")
    assert rules(TRAIN, body=bad) == {"python.preprocessing"}


def test_noise_is_no_second_preprocessing() -> None:
    assert rules(TRAIN, body=FIT.replace("model.fit(x_train", "model.fit(x_train + 0.1")) == set()


def test_calibration_that_is_scaled() -> None:
    bad = CONVERTS.replace("    converter =", "    calibration /= 255\n    converter =", 1)
    assert rules(CONVERT, body=bad) == {"python.preprocessing"}


@pytest.mark.parametrize(
    "text", ["def load(path:\n", "return 1\n", "a\0b\n", "(" * 5000, "a = 1,\n b"]
)
def test_what_is_no_python_has_one_finding_with_its_line(text: str) -> None:
    found = [f for f in check_python("data.py", text, DATA) if f.rule != "source.hidden"]
    assert [finding.rule for finding in found] == ["python.syntax"]


def test_the_line_is_told() -> None:
    (finding,) = check_python("data.py", f"{HEADS[DATA]}{LOAD}\n\nimport socket\n", DATA)
    assert (finding.path, finding.line) == ("data.py", 6)


def test_what_a_reader_would_not_see() -> None:
    assert rules(DATA, "\n# \u202e tfel ot thgir\n") == {"source.hidden"}
    assert rules(DATA, "\n# \u00e4 \u4e2d\n") == set()


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    assert rules(DATA, "# " + "x" * 200_000) == {"source.size"}
    assert rules(DATA, "# " + "x" * 100_000) == set()
