"""What each C file must hold, may include, and must not name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FEATURES = "void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])"

PROTOTYPES: Mapping[str, Mapping[str, str]] = {
    "features.h": {"bw_features": _FEATURES},
    "features.c": {"bw_features": _FEATURES},
    "app.c": {
        "bw_app_on_result": "int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT])",
        "bw_app_reset": "void bw_app_reset(void)",
    },
}
"""What each file must declare (headers) or define, as docs/architecture.md has it."""

PROVIDED: Mapping[str, frozenset[str]] = {"app.c": _words("bw_board_led")}
"""Functions of the harness that a file may call."""

HEADERS = _words("float.h limits.h math.h stdbool.h stddef.h stdint.h string.h")

OWN_HEADERS: Mapping[str, frozenset[str]] = {
    "features.h": _words("goal.h"),
    "features.c": _words("features.h goal.h"),
    "app.c": _words("app.h goal.h"),
}


@dataclass(frozen=True, slots=True)
class Ban:
    """Words that must not occur, and those that must not be called but may name a variable."""

    rule: str
    what: str
    cure: str
    words: frozenset[str]
    calls: frozenset[str] = frozenset()


ADDRESS = Ban(
    "c.address",
    "makes a number of an address, or an address of a number",
    "Use the parameters and your own objects; registers belong to the firmware.",
    _words("intptr_t uintptr_t"),
)

BANS = (
    ADDRESS,
    Ban(
        "c.memory",
        "takes memory at run time",
        "Use arrays of fixed size, on the stack or `static const`.",
        _words("""
            __builtin_alloca __builtin_malloc aligned_alloc alloca calloc malloc posix_memalign
            realloc reallocarray sbrk strdup strndup
        """),
        _words("free"),
    ),
    Ban(
        "c.stdio",
        "is input or output",
        "Only return values; the harness reports what is needed.",
        _words("""
            FILE fclose fgetc fgets fopen fprintf fputc fputs fread fscanf fwrite getc getchar gets
            perror printf putc putchar puts scanf snprintf sprintf sscanf stderr stdin stdout
            vfprintf vprintf vsnprintf vsprintf
        """),
        _words("fflush open read write"),
    ),
    Ban(
        "c.system",
        "reaches beyond the computation",
        "Compute from the parameters alone; the same input always gives the same output.",
        _words("""
            _Exit _exit atexit dlopen execve fork getenv longjmp quick_exit rand setjmp srand
            syscall
        """),
        _words("abort assert clock exit raise random signal system time"),
    ),
    Ban(
        "c.asm",
        "is inline assembly",
        "Write plain C; the compiler knows the core.",
        _words("__asm __asm__ asm"),
    ),
)

DIRECTIVES = _words("define elif else endif error if ifdef ifndef include undef")

ATTRIBUTES = _words("always_inline const fallthrough noinline pure unused")
ATTRIBUTE_WORDS = _words("__attribute __attribute__ __declspec")

UNDERSCORED = _words("__FILE__ __LINE__ __STDC_VERSION__ __func__ __inline __restrict")
"""Words of the compiler that do no harm."""

KEYWORDS = _words("""
    _Bool auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while
""")

INTEGER_TYPES = _words("""
    char int int16_t int32_t int64_t int8_t intmax_t long ptrdiff_t short signed size_t uint16_t
    uint32_t uint64_t uint8_t uintmax_t unsigned
""")
