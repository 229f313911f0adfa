"""Bundle: firmware for several boards with the samples to feed, built in one place, run in another.

    bundle/
      boardwright-bundle.json      the manifest
      testset.npz                  raw held-out samples `x` and labels `y`
      <board>/firmware.elf         and .bin, .hex or .uf2, as the board's tool takes it

Who runs it needs nothing else of the project, and runs none of its code but on the board. Whoever
made it may have been hostile: nothing in it is believed that can be looked up. Firmware that is a
process of a machine is in none, since it could do there whatever it likes.

    manifest.py    what a bundle says of itself
    contents.py    the files of a folder, and nothing that only looks like one
    archive.py     a zip with such files, unpacked
    memory.py      whether an ELF and an image belong into a board's memory
    testset.py     samples and labels
    reading.py     from a folder to a Bundle, or a refusal
    writing.py     from a project to a folder
"""

from hardware_runner.bundle.archive import unpack
from hardware_runner.bundle.manifest import (
    BUNDLE_FILE,
    BundledFile,
    BundledFirmware,
    Manifest,
)
from hardware_runner.bundle.reading import Bundle, read_bundle
from hardware_runner.bundle.writing import write_bundle

__all__ = [
    "BUNDLE_FILE",
    "Bundle",
    "BundledFile",
    "BundledFirmware",
    "Manifest",
    "read_bundle",
    "unpack",
    "write_bundle",
]
