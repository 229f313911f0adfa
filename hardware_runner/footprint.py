"""Sizes of a linked firmware, read from its ELF file.

Source: System V ABI, "Sections" and "Symbol Table".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function or object; `file` is the source of a local symbol, "" for a global one."""

    name: str
    file: str
    address: int
    size: int
    is_code: bool
    in_flash: bool
    in_ram: bool


@dataclass(frozen=True, slots=True)
class Image:
    """What a linked firmware takes. Initial values of data count in flash and in RAM."""

    flash_bytes: int
    ram_bytes: int
    symbols: tuple[Symbol, ...]

    def at(self, address: int) -> str | None:
        """Return the name of the function at an address, or None."""
        for symbol in self.symbols:
            if symbol.is_code and symbol.address <= address & ~1 < symbol.address + symbol.size:
                return symbol.name
        return None


def read_image(elf: Path) -> Image:
    """Read sections and symbols of a linked firmware."""
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        flash = ram = 0
        places: dict[int, tuple[bool, bool]] = {}
        for index, section in enumerate(file.iter_sections()):
            if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC:
                continue
            in_flash = section["sh_type"] != "SHT_NOBITS"
            in_ram = bool(section["sh_flags"] & SH_FLAGS.SHF_WRITE)
            flash += section["sh_size"] * in_flash
            ram += section["sh_size"] * in_ram
            places[index] = (in_flash, in_ram)
        return Image(flash, ram, tuple(_symbols(file, places)))


def global_names(objects: Collection[Path]) -> set[str]:
    """Return the global names that object files define."""
    names: set[str] = set()
    for path in objects:
        with path.open("rb") as stream:
            table = ELFFile(stream).get_section_by_name(".symtab")
            if not isinstance(table, SymbolTableSection):
                continue
            names.update(
                s.name
                for s in table.iter_symbols()
                if s["st_info"]["bind"] == "STB_GLOBAL" and s["st_shndx"] != "SHN_UNDEF"
            )
    return names


def _symbols(file: ELFFile, places: dict[int, tuple[bool, bool]]) -> list[Symbol]:
    table = file.get_section_by_name(".symtab")
    found: list[Symbol] = []
    source = ""
    seen: set[tuple[int, bool]] = set()
    if not isinstance(table, SymbolTableSection):
        return found
    for entry in table.iter_symbols():
        kind = entry["st_info"]["type"]
        if kind == "STT_FILE":
            source = entry.name
        if kind not in ("STT_FUNC", "STT_OBJECT") or entry["st_shndx"] not in places:
            continue
        is_code = kind == "STT_FUNC"
        address = entry["st_value"] & ~1 if is_code else entry["st_value"]
        if (address, is_code) in seen:  # an alias
            continue
        seen.add((address, is_code))
        local = entry["st_info"]["bind"] == "STB_LOCAL"
        found.append(
            Symbol(
                entry.name, source if local else "", address, entry["st_size"], is_code,
                *places[entry["st_shndx"]],
            )
        )  # fmt: skip
    return found
