"""What a model takes of a part on its own: everything that one inference needs, and nothing else.

The firmware that measures holds a shell, a serial line and a buffer for samples as well. Here the
same object files of model and kernels are linked with a reset handler and a call of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from hardware_runner.build import Firmware, write_linker_script
from hardware_runner.footprint import read_image
from hardware_runner.toolchain import STRICT_FLAGS, find_compiler
from model_compiler import CompiledModel

_FOLDER = "inference"
_SOURCE = "bw_startup.c"


@dataclass(frozen=True, slots=True)
class InferenceSize:
    """Bytes of everything that is linked for inference, without the stack.

    Attributes:
        flash_bytes: Code, constants and initial values of data.
        ram_bytes: Arena, data and bss.
        startup_bytes: What of the flash is vector table and reset handler.
    """

    flash_bytes: int
    ram_bytes: int
    startup_bytes: int


def inference_size(firmware: Firmware, compiled: CompiledModel) -> InferenceSize | None:
    """Return what a model takes on its own; None for a board that has no memory of its own.

    Args:
        firmware: What `build_firmware` returned; its object files are still there.
        compiled: The model that it was built from.

    Raises:
        BuildError, ToolMissing.
    """
    board, out = firmware.board, firmware.elf.parent
    if board.is_process:
        return None
    compiler = find_compiler(board)
    folder = out / _FOLDER
    folder.mkdir(exist_ok=True)
    source = resources.files("templates") / "firmware" / _FOLDER / _SOURCE
    (folder / _SOURCE).write_bytes(source.read_bytes())
    startup = f"{_FOLDER}/bw_startup.o"
    flags = ["-iquotemodel", *STRICT_FLAGS]
    compiler.compile(out, f"{_FOLDER}/{_SOURCE}", startup, flags)
    objects = [f"model/{name[:-2]}.o" for name in compiled.files if name.endswith(".c")]
    write_linker_script(board, folder / "inference.ld", board.flash_bytes, board.ram_bytes)
    target = f"{_FOLDER}/inference.elf"
    compiler.link(out, [startup, *objects], target, [f"-T{_FOLDER}/inference.ld"])
    image = read_image(out / target)
    own = ("main", "bw_reset", "bw_fault", "vectors")
    return InferenceSize(
        flash_bytes=image.flash_bytes,
        ram_bytes=image.ram_bytes,
        startup_bytes=sum(s.size for s in image.symbols if s.name in own),
    )
