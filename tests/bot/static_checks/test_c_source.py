"""Each rule for C has a file that breaks it, and one like it that does not."""

from __future__ import annotations

import pytest

from bot.static_checks.c_source import check_c

FEATURES_C = """\
/* SPDX-License-Identifier: Apache-2.0 */
#include "features.h"

void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])
{
    for (int i = 0; i < BW_FEATURE_COUNT; ++i) {
        features[i] = (float)raw[i];
    }
}
"""
FEATURES_H = """\
#ifndef BW_FEATURES_H
#define BW_FEATURES_H
#include "goal.h"
void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT]);
#endif
"""
APP_C = """\
#include "app.h"

static int bw_seen = -1;

int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT])
{
    bw_seen = scores[0] > 0;
    bw_board_led(bw_seen);
    return bw_seen;
}

void bw_app_reset(void)
{
    bw_seen = -1;
}
"""


def rules(text: str, path: str = "features.c") -> set[str]:
    return {finding.rule for finding in check_c(path, text)}


def test_plain_files_pass() -> None:
    assert rules(FEATURES_C) == set()
    assert rules(FEATURES_H, "features.h") == set()
    assert rules(APP_C, "app.c") == set()


HEAD = [  # before the function
    ("include", "#include <stdio.h>", "#include <math.h>"),
    ("include", '#include "/etc/passwd"', "#include <string.h> /* memcpy */"),
    ("include", '#include "../goal.h"', '#include "goal.h"'),
    ("include", "#define WHERE <math.h>\n#include WHERE", "#include <math.h> // sqrtf"),
    ("include", '#include "model.h"', "# include <float.h>"),
    ("include", '#inc\\\nlude "secret"', "#include \\\n<stddef.h>"),
    ("include", '%:include "secret"', "%:include <stdint.h>"),
    ("directive", "#pragma GCC optimize 3", "#if 0\n#endif"),
    ("directive", '#line 1 "x.c"', "#error no"),
    ("directive", "#include_next <math.h>", "#undef OWN"),
    ("directive", '#embed "secret"', '/* #embed "secret" */'),
    ("directive", '_Pragma("weak a")', "/* _Pragma */"),
    ("macro", "#define bw_features own", "#define bw_own(x) (x)"),
    ("macro", "#define const", "#define CONSTANT"),
    ("macro", "#undef BW_RAW_COUNT", "#define OWN 3"),
    ("paste", "#define P(a, b) a##b", '#define P "a##b"'),
    ("paste", "#define P(a, b) a%:%:b", "#define P(a, b) (a % b)"),
    (
        "attribute",
        'static int a __attribute__((section(".init_array")));',
        "static int a __attribute__((unused));",
    ),
    (
        "attribute",
        "__attribute__((constructor)) static void a(void) {}",
        "__attribute__((noinline)) static void a(void) {}",
    ),
    ("attribute", "#define A __attribute__((naked))", "#define A __attribute__((__pure__))"),
    ("linkage", "int counter;", "static int counter;"),
    ("linkage", "float table[] = {1, 2};", "static const float table[] = {1, 2};"),
    ("linkage", "int main(void) { return 0; }", "static int own(void) { return 0; }"),
    ("linkage", "struct a { int b; } c;", "struct a { int b; };"),
    ("linkage", "const float *bw_model(void) { return 0; }", "typedef float own_t;"),
    ("disguise", "int m??=;", "/* what?! */"),
    ("disguise", "static int m\\u0061lloc;", '/* "C:\\users" */'),
    ("hidden", "/* \u202e */", "/* \u00b0 */"),
]


@pytest.mark.parametrize(("rule", "bad", "good"), HEAD)
def test_outside_functions(rule: str, bad: str, good: str) -> None:
    assert rules(f"{bad}\n{FEATURES_C}") & {f"c.{rule}", f"source.{rule}"}
    assert rules(f"{good}\n{FEATURES_C}") == set()


BODY = [  # within the function
    ("memory", "void *a = malloc(3);", 'const char *a = "malloc";'),
    ("memory", "free(features);", "int free = 3; (void)free;"),
    ("memory", "(void)__builtin_alloca(3);", "float a[3]; (void)a;"),
    ("stdio", 'printf("a");', '/* printf("a"); */'),
    ("stdio", "FILE *f = 0;", "// FILE *f = 0;"),
    ("stdio", "read(0, features, 4);", "float read = 1; features[0] = read;"),
    ("system", 'system("id");', "float signal = 1; features[0] = signal;"),
    ("system", "features[0] = (float)rand();", "features[0] = 4;"),
    ("asm", '__asm__ volatile(".incbin \\"/etc/passwd\\"");', 'const char *a = "asm";'),
    ("asm", '__as\\\nm__("nop");', "int as = 1; (void)as;"),
    ("address", "*(volatile uint32_t *)0x40000000 = 1;", "float *a = (float *)0; (void)a;"),
    ("address", "int *a = (int *)(0x20000000u + 4);", "int a = (int)(3u + 4); (void)a;"),
    ("address", "int *a = (int *)(unsigned)3;", "const float *a = (const float *)raw; (void)a;"),
    ("address", "unsigned long a = (uintptr_t)raw;", "int a = 2 * (3); (void)a;"),
    ("builtin", "__sync_synchronize();", "const char *a = __func__; (void)a;"),
    ("call", "bw_model_invoke(0);", "bw_other = 1;"),
    ("call", "bw_board_led(1);", "int bw_board_led = 1; (void)bw_board_led;"),
]


@pytest.mark.parametrize(("rule", "bad", "good"), BODY)
def test_inside_functions(rule: str, bad: str, good: str) -> None:
    def within(line: str) -> str:
        return FEATURES_C.replace("{\n", "{\n" + line + "\n", 1)

    assert f"c.{rule}" in rules(within(bad))
    assert rules(within(good)) == set()


def test_macros_hide_nothing() -> None:
    assert "c.memory" in rules("#define TAKE malloc\n" + FEATURES_C)
    assert "c.address" in rules(
        "#define BASE 0x40000000\n" + FEATURES_C.replace("{\n", "{\n*(int *)BASE = 1;\n", 1)
    )
    assert "c.call" in rules(APP_C.replace("bw_board_led", "bw_infer"), "app.c")


HEADS = [
    FEATURES_C.replace("bw_features", "features"),
    FEATURES_C.replace("const bw_raw_t raw", "const float raw"),
    FEATURES_C.replace("void bw", "int bw"),
    FEATURES_C.replace("void bw", "static void bw"),
    FEATURES_C.replace("BW_RAW_COUNT]", "64]"),
    FEATURES_C.replace(", float", ", int count, float"),
]


@pytest.mark.parametrize("text", HEADS)
def test_the_function_of_the_contract_is_wanted(text: str) -> None:
    assert "c.prototype" in rules(text)


SAME = [
    ("raw[BW_RAW_COUNT]", "*raw"),
    (" raw[", " sample["),
    ("\nvoid bw_features(", "\nvoid\nbw_features ("),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_its_parameters_may_be_called_otherwise(old: str, new: str) -> None:
    assert rules(FEATURES_C.replace(old, new, 1)) == set()


def test_the_header_declares_and_does_not_define() -> None:
    assert rules(FEATURES_H.replace("bw_features(", "features(", 1), "features.h") == {
        "c.prototype"
    }
    defined = FEATURES_H.replace("#endif", "int a(void) { return 1; }\n#endif")
    assert rules(defined, "features.h") == {"c.linkage"}


def test_brackets_for_cplusplus_are_left_out() -> None:
    bracket = '#ifdef __cplusplus\nextern "C" {\n#endif\n'
    text = FEATURES_H.replace("void", bracket + "void", 1)
    text = text.replace("#endif\n", "#if defined(__cplusplus)\n}\n#endif\n#endif\n", -1)
    assert "c.prototype" not in rules(text, "features.h")


def test_code_after_what_is_for_cplusplus_counts() -> None:
    text = "#ifdef __cplusplus\n#if 1\n#else\n#endif\nint a;\n#else\nint b;\n#endif\n" + FEATURES_C
    (finding,) = check_c("features.c", text)
    assert (finding.rule, finding.line) == ("c.linkage", 7)
    assert "'b'" in finding.message


def test_both_functions_of_the_app_are_wanted() -> None:
    found = check_c("app.c", APP_C.replace("bw_app_reset", "bw_app_forget"))
    assert {finding.rule for finding in found} == {"c.prototype", "c.linkage"}


def test_lines_are_those_of_the_file() -> None:
    text = FEATURES_C.replace("{\n", "{\n/* one\ntwo */ int a = \\\n1; (void)malloc(a);\n", 1)
    (finding,) = check_c("features.c", text)
    assert finding.line == 8


@pytest.mark.parametrize(
    "text", ["", "((((", "}}}}", '"', "#", "#define", "a" * 100_000, "{" * 9999]
)
def test_what_is_no_c_has_findings_and_no_traceback(text: str) -> None:
    assert "c.prototype" in rules(text)


def test_what_a_reader_would_not_see() -> None:
    assert rules(f"{FEATURES_C}/* \u202e tfel ot thgir */\n") == {"source.hidden"}
    assert rules(f"{FEATURES_C}/* \u00e4 \u4e2d */\n") == set()


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    assert rules(f"{FEATURES_C}/* {'x' * 200_000} */\n") == {"source.size"}
    assert rules(f"{FEATURES_C}/* {'x' * 100_000} */\n") == set()
