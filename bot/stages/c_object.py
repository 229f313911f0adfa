"""What a compiled object asks of others and keeps for itself, and what its source may not say."""

from __future__ import annotations

import io
import re

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

# The arithmetic of <math.h> in float, memory copies, and what compilers call by themselves.
ALLOWED_SYMBOLS = frozenset(
    "expf exp2f logf log2f log10f log1pf powf sqrtf fabsf floorf ceilf roundf fmodf sinf cosf tanf tanhf "
    "atan2f atanf hypotf fminf fmaxf lroundf lrintf rintf memcpy memset memmove memcmp".split()
)
# Source: run-time ABI for the Arm architecture, section 5 (helper functions); all without side effects.
_ABI_SYMBOL = re.compile(r"__aeabi_[a-z0-9_]+$|__(?:div|mod|mul|udiv|umod|float|fix)[a-z0-9]+$")
ALLOWED_INCLUDES = frozenset(
    {"features.h", "goal.h", "app.h", "math.h", "stddef.h", "stdint.h", "stdbool.h", "string.h"}
)

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*(?:include|import|include_next)\b[ \t]*(?P<what>.*)$", re.M)
_FORBIDDEN = re.compile(r"\b(?:__asm__|__asm|asm|incbin|_Pragma)\b|^[ \t]*#[ \t]*pragma\b", re.M)
_COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def undefined_symbols(content: bytes, also_allowed: frozenset[str] = frozenset()) -> list[str]:
    """Return the symbols that an object takes from elsewhere and that are not allowed, sorted."""
    table = ELFFile(io.BytesIO(content)).get_section_by_name(".symtab")
    names = (
        set()
        if table is None
        else {
            symbol.name
            for symbol in table.iter_symbols()
            if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name
        }
    )
    allowed = ALLOWED_SYMBOLS | also_allowed | {"_GLOBAL_OFFSET_TABLE_"}
    return sorted(n for n in names if n not in allowed and not _ABI_SYMBOL.match(n))


def writable_bytes(content: bytes) -> int:
    """Return the bytes of writable data in an object: what it can remember between calls."""
    elf = ELFFile(io.BytesIO(content))
    common = 0
    table = elf.get_section_by_name(".symtab")
    if table is not None:
        common = sum(
            int(s["st_size"]) for s in table.iter_symbols() if s["st_shndx"] == "SHN_COMMON"
        )
    return common + sum(
        int(section["sh_size"])
        for section in elf.iter_sections()
        if section["sh_flags"] & SH_FLAGS.SHF_WRITE
    )


def forbidden_words(source: str) -> list[str]:
    """Return what C source may not contain: foreign includes, assembler, pragmas."""
    joined = source.replace("\\\n", "").replace("??/\n", "")
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
