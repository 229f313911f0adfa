"""The second stage of the RP2040's boot: 252 bytes, and the CRC by which the boot ROM knows them.

Source: RP2040 datasheet, section 2.8.1.3.1: CRC-32 of polynomial 0x04C11DB7, most significant bit
first, from 0xFFFFFFFF, not inverted; in the last four bytes, little-endian.
"""

from __future__ import annotations

from pathlib import Path

from elftools.elf.elffile import ELFFile

from hardware_runner.errors import BuildError

SECTION = ".boot2"
BOOT2_BYTES = 256
_CODE_BYTES = BOOT2_BYTES - 4


def boot2_crc(code: bytes) -> int:
    """Return the CRC that the boot ROM computes of the first 252 bytes of flash."""
    crc = 0xFFFF_FFFF
    for byte in code:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C1_1DB7 if crc & 0x8000_0000 else 0)
            crc &= 0xFFFF_FFFF
    return crc


def seal_boot2(elf: Path) -> None:
    """Write the CRC behind a second stage, where an ELF file holds one.

    Raises:
        BuildError: the second stage has another size, so the program behind it would not be found.
    """
    with elf.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(SECTION)
        if section is None or section["sh_size"] == 0:
            return
        if section["sh_size"] != BOOT2_BYTES:
            raise BuildError(
                f"The second boot stage has {section['sh_size']} bytes and not {BOOT2_BYTES}."
            )
        code, at = section.data()[:_CODE_BYTES], section["sh_offset"] + _CODE_BYTES
    with elf.open("r+b") as stream:
        stream.seek(at)
        stream.write(boot2_crc(code).to_bytes(4, "little"))
