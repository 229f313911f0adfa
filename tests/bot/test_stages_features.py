"""The features stage: sound C passes, and each planted fault is found by the check made for it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import numpy as np
import pytest

from bot.errors import Infrastructure
from bot.evidence import Evidence, Outcome, Stage
from bot.goal import RawInput, RawType
from bot.repair import mendable
from bot.sandbox.job import Job, NeedsSandboxError, Origin, Reason, Result
from bot.sandbox.process import ProcessSandbox
from bot.sandbox.trouble import OVERLOADED, isolated_verdict
from bot.stages import arrays, features, features_checks
from bot.stages.c_object import forbidden_words
from bot.stages.compilers import ARM_COMPILER, HOST_COMPILER
from bot.stages.stage_result import Context, StageResult
from tests.bot import small_project

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")

COPY = """\
    for (int i = 0; i < BW_FEATURE_COUNT; ++i) {
        features[i] = raw[i];
    }
"""


def c_source(body: str, before: str = "") -> str:
    """Return a features.c."""
    return f"""\
#include "features.h"
{before}
void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])
{{
{body}
}}
"""


@pytest.fixture(scope="module")
def context() -> Context:
    found = small_project.context()
    train, test = (
        side.frame[list(side.value_columns)].to_numpy(dtype=np.float32)
        for side in (found.split.train, found.split.test)
    )
    made = {"train.npz": arrays.dump(x=train), "test.npz": arrays.dump(x=test)}
    return small_project.replaced(found, made=made)


def stage(context: Context, source: str | None = None) -> StageResult:
    if source is not None:
        workspace = context.workspace.with_files({"features.c": source.encode()})
        context = small_project.replaced(context, workspace=workspace)
    return features.run(context)


def failed(evidence: tuple[Evidence, ...]) -> list[str]:
    return [e.check for e in evidence if e.outcome is Outcome.FAIL]


def test_the_template_passes_every_check(context: Context) -> None:
    result = stage(context)
    assert failed(result.evidence) == []
    found = arrays.load(result.made["features.npz"])["train"]
    assert found.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-5)
    assert found.std(axis=0) == pytest.approx(np.ones(4), abs=1e-5)


MALLOC = "void *malloc(unsigned long);\nvoid free(void *);"
ALLOCATES = "float *x = malloc(9);\n*x = raw[0];\nfeatures[0] = *x;\nfree(x);"
ZERO = "static const volatile int zero = 0;"
PAST_THE_END = "features[raw[0] > 0.0f ? BW_FEATURE_COUNT : 0] = 1.0f;"
ALL_ONE = "(void)raw;\nfor (int i = 0; i < BW_FEATURE_COUNT; ++i) features[i] = 1.0f;"

FAULTS = {
    "a warning": (c_source(COPY + "int unused;"), "host_build"),
    "a narrowing": (c_source(COPY + "int n = raw[0]; features[0] = (float)n;"), "host_build"),
    "a counter": (c_source(COPY + "features[0] = calls++;", "static float calls;"), "no_state"),
    "an allocation": (c_source(COPY + ALLOCATES, MALLOC), "no_state"),
    "an include": (c_source(COPY, "#include <stdio.h>"), "source"),
    "an embedded file": (c_source(COPY, '__asm__(".incbin \\"/etc/hostname\\"");'), "source"),
    "an output not written": (c_source("features[0] = raw[0];"), "finite"),
    "a division by zero": (c_source(COPY + "features[1] = raw[1] / raw[2];"), "finite"),
    "a write past the end": (c_source(COPY + PAST_THE_END), "runs"),
    "a read past the end": (
        c_source(COPY + "features[0] += raw[BW_RAW_COUNT + zero];", ZERO),
        "runs",
    ),
    "a read before the begin": (c_source(COPY + "features[0] += raw[zero - 1];", ZERO), "runs"),
    "a read far away": (c_source(COPY + "features[0] += raw[zero + 100000000];", ZERO), "runs"),
    "an undefined conversion": (
        c_source(COPY + "features[0] = (float)(int)(raw[0] * 1e30f);"),
        "runs",
    ),
    "a constant": (c_source(ALL_ONE), "varies"),
    "a large range": (c_source(COPY + "features[0] = raw[0] * 1000.0f;"), "range"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(context: Context, fault: str) -> None:
    source, check = FAULTS[fault]
    assert f"features.{check}" in failed(stage(context, source).evidence)


def test_features_that_depend_on_what_came_before_are_found() -> None:
    forwards = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert features_checks.check_order(forwards, forwards[::-1]).outcome is Outcome.PASS
    assert features_checks.check_order(forwards, forwards[::-1] + 1).outcome is Outcome.FAIL


@pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_a_warning_of_the_target_alone_is_found(context: Context) -> None:
    goal = small_project.goal(boards=("mps2-an386",))
    found = small_project.replaced(context, goal=goal)
    assert "features.mps2-an386.build" in [e.check for e in stage(found).evidence]
    source = c_source(f"#ifdef __arm__\nint unused;\n#endif\n{COPY}")
    assert failed(stage(found, source).evidence)[0] == "features.mps2-an386.build"


@pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_state_that_only_the_target_keeps_is_found(context: Context) -> None:
    found = small_project.replaced(context, goal=small_project.goal(boards=("mps2-an386",)))
    counter = "#ifdef __arm__\nstatic float calls;\n#endif"
    counts = f"{COPY}#ifdef __arm__\nfeatures[0] += calls++;\n#endif"
    result = stage(found, c_source(counts, counter))
    assert failed(result.evidence) == ["features.mps2-an386.no_state"]


def test_features_that_do_not_end_are_found(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "TIMEOUT_S", 1.0)
    body = f"{COPY}volatile int zero = 0;\nwhile (raw[0] > 0.0f && zero == 0) {{ }}"
    result = stage(context, c_source(body))
    assert failed(result.evidence) == ["features.runs"]
    assert "did not come to an end" in result.evidence[-1].detail
    assert not result.usable


def test_a_missing_target_compiler_is_no_fault(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "ARM_COMPILER", "no-such-gcc")
    found = small_project.replaced(context, goal=small_project.goal(boards=("mps2-an386",)))
    outcomes = {e.check: e.outcome for e in stage(found).evidence}
    assert outcomes["features.mps2-an386.build"] is Outcome.INFRASTRUCTURE


@dataclass
class Overloaded:
    """A sandbox in which programs of one name never come to an end."""

    program: str

    def run(self, job: Job) -> Result:
        """Run all but that program, which is stopped at its deadline."""
        if job.argv[0] != self.program:
            return ProcessSandbox().run(job)
        return Result(Reason.TIMEOUT, None, "It was stopped.", False, job.limits.seconds, {})


@pytest.mark.parametrize("program", [HOST_COMPILER, ARM_COMPILER])
def test_a_compiler_that_finds_no_end_is_no_fault(context: Context, program: str) -> None:
    found = small_project.replaced(
        context,
        goal=small_project.goal(boards=("mps2-an386",)),
        sandbox=Overloaded(program),
    )
    evidence = stage(found).evidence
    assert not mendable(Stage.FEATURES, evidence)
    (unproven,) = (e for e in evidence if e.outcome is Outcome.INFRASTRUCTURE)
    assert "overloaded" in unproven.detail


def test_a_compiler_that_finds_no_end_inside_ends_the_run_with_a_message() -> None:
    said = "gcc did not end within 300 s"
    slow = Result(Reason.FAILED, OVERLOADED, f"noise\n{said}\n", False, 300.0, {})
    for origin in Origin:
        with pytest.raises(Infrastructure, match=said):
            isolated_verdict(slow, origin)


def test_code_of_others_is_refused(context: Context) -> None:
    with pytest.raises(NeedsSandboxError):
        stage(small_project.replaced(context, origin=Origin.LANGUAGE_MODEL))


def test_extremes_are_the_ends_of_the_type() -> None:
    raw = RawInput(shape=(2,), dtype=RawType.INT16, unit="g")
    goal = small_project.goal().model_copy(update={"raw": raw})
    ends = features.extremes(goal, np.zeros((1, 2), dtype=np.int16))
    assert (ends.min(), ends.max(), ends.dtype) == (-32768, 32767, np.int16)


@pytest.mark.parametrize(
    "source",
    [
        '#include "features.h"\n#include <math.h>\n',
        "/* asm, #pragma and <stdio.h> are not used */\n",
        "static const int plasma = 1;\n",
    ],
)
def test_harmless_source_passes(source: str) -> None:
    assert forbidden_words(source) == []


@pytest.mark.parametrize(
    "source",
    [
        '#include "/etc/passwd"\n',
        "#include </proc/self/environ>\n",
        "# include <unistd.h>\n",
        "#/**/include <stdio.h>\n",
        "#inc\\\nlude <stdio.h>\n",
        "#define X <stdio.h>\n#include X\n",
        "%:include <stdio.h>\n",
        'asm("nop");\n',
        '__asm__ volatile("nop");\n',
        "#pragma GCC optimize 3\n",
        '_Pragma("once")\n',
    ],
)
def test_source_that_reaches_out_is_found(source: str) -> None:
    assert forbidden_words(source) != []
