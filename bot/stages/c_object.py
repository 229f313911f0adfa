"""What a compiled object asks of others and keeps for itself, and what its source may not say."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Symbol, SymbolTableSection

# The arithmetic of <math.h> in float, and memory copies, which compilers call by themselves.
ALLOWED_SYMBOLS = frozenset(
    {
        *("expf", "exp2f", "logf", "log2f", "log10f", "log1pf", "powf", "sqrtf", "hypotf"),
        *("sinf", "cosf", "tanf", "tanhf", "atanf", "atan2f", "fabsf", "fminf", "fmaxf"),
        *("floorf", "ceilf", "roundf", "rintf", "lroundf", "lrintf", "fmodf"),
        *("memcpy", "memset", "memmove", "memcmp"),
    }
)
# Source: run-time ABI for the Arm architecture, section 5 (helper functions), and libgcc's manual,
# "The GCC low-level runtime library"; all of them without side effects.
_ABI_SYMBOL = re.compile(
    r"__aeabi_[a-z0-9_]+$|__(?:div|mod|mul|udiv|umod|float|fix|clz|ctz)[a-z0-9]+$"
    r"|__gnu_thumb1_case_[a-z]+$"
)
ALLOWED_INCLUDES = frozenset(
    {"features.h", "goal.h", "app.h", "math.h", "stddef.h", "stdint.h", "stdbool.h", "string.h"}
)

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*(?:include|import|include_next)\b[ \t]*(?P<what>.*)$", re.M)
_FORBIDDEN = re.compile(r"\b(?:__asm__|__asm|asm|incbin|_Pragma)\b|^[ \t]*#[ \t]*pragma\b", re.M)
_COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def undefined_symbols(content: bytes) -> list[str]:
    """Return the symbols that an object takes from elsewhere and that are not allowed, sorted."""
    names = {
        symbol.name
        for symbol in _symbols(ELFFile(io.BytesIO(content)))
        if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name
    }
    allowed = ALLOWED_SYMBOLS | {"_GLOBAL_OFFSET_TABLE_"}
    return sorted(n for n in names if n not in allowed and not _ABI_SYMBOL.match(n))


def writable_bytes(content: bytes) -> int:
    """Return the bytes of writable data in an object: what it can remember between calls."""
    elf = ELFFile(io.BytesIO(content))
    common = (int(s["st_size"]) for s in _symbols(elf) if s["st_shndx"] == "SHN_COMMON")
    sections = (
        int(section["sh_size"])
        for section in elf.iter_sections()
        if section["sh_flags"] & SH_FLAGS.SHF_WRITE
    )
    return sum(common) + sum(sections)


def _symbols(elf: ELFFile) -> Iterable[Symbol]:
    table = elf.get_section_by_name(".symtab")
    return table.iter_symbols() if isinstance(table, SymbolTableSection) else ()


def forbidden_words(source: str) -> list[str]:
    """Return what C source may not contain: foreign includes, assembler, pragmas."""
    joined = source.replace("\\\n", "").replace("??/\n", "").replace("%:", "#").replace("??=", "#")
    found = []
    for match in _INCLUDE.finditer(_COMMENT_OR_STRING.sub(_keep_includes, joined)):
        name = match["what"].strip().strip('"<>').strip()
        if name not in ALLOWED_INCLUDES:
            found.append(f"#include {match['what'].strip()}")
    code = _COMMENT_OR_STRING.sub(" ", joined)
    found += [match.group().strip() for match in _FORBIDDEN.finditer(code)]
    return found


def _keep_includes(match: re.Match[str]) -> str:
    """Drop comments, keep strings: the name in an include directive looks like one."""
    return match.group() if match.group().startswith('"') else " "
