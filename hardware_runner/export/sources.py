"""Sources: the C that every export holds, whatever tool builds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from hardware_runner.build import build_header, shell_sources
from hardware_runner.export.job import Files, Job

_INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

_FROM_FRAMEWORK = ("shell/board.c", "shell/bw_startup.c")
"""What a framework, and the file that adapts the shell to it, stand in for."""

_OWN_MAIN = b"""
/* The framework has a main() of its own, which calls the shell's. */
#define main bw_shell_main
int bw_shell_main(void);
"""


def framework_sources(job: Job, support: Mapping[str, bytes], *, own_main: bool) -> Files:
    """Return all C of an export whose framework starts the core, by file name, for one folder.

    Args:
        job: What is exported.
        support: The files that implement bw_board.h by the framework's functions.
        own_main: Whether the framework defines main().
    """
    everything = shell_sources(replace(job.board, support="host.c"), text=bool(job.text_model))
    shell = {
        name.removeprefix("shell/"): content
        for name, content in everything.items()
        if name not in _FROM_FRAMEWORK
    }
    header = build_header(job.board, job.build_id, window=1, text_model=job.text_model)
    shell["bw_build.h"] = header + (_OWN_MAIN if own_main else b"")
    parts = (job.project, job.model, shell, support)
    together: Files = {}
    for part in parts:
        for name, content in part.items():
            if name in together:
                raise ValueError(f"two files of the export are called {name}")
            together[name] = content
    return only_included(together)


def below_src(job: Job, support: Mapping[str, bytes]) -> tuple[Files, dict[str, object]]:
    """Lay an export with the framework's start, but the shell's main(), out below src/.

    Returns:
        The C by path, and what the templates of its build files name: `job`, `board`, the paths of
        all `sources`, and of those of the `model`.
    """
    together = framework_sources(job, support, own_main=False)
    sources = {f"src/{name}": content for name, content in together.items()}
    return sources, {
        "job": job,
        "board": job.board,
        "sources": compiled(sources),
        "model": [f"src/{name}" for name in compiled(job.model)],
    }


def only_included(files: Mapping[str, bytes]) -> Files:
    """Return the files without the headers that no other file includes, directly or through one."""
    by_name = {name.rpartition("/")[2]: name for name in files}
    wanted = {name for name in files if not name.endswith(".h")}
    todo = list(wanted)
    while todo:
        for included in _INCLUDE.findall(files[todo.pop()]):
            name = by_name.get(included.decode(errors="replace").rpartition("/")[2])
            if name is not None and name not in wanted:
                wanted.add(name)
                todo.append(name)
    return {name: content for name, content in files.items() if name in wanted}


def compiled(files: Mapping[str, bytes]) -> list[str]:
    """Return the paths of the C and C++ files, in order."""
    return [name for name in files if name.endswith((".c", ".cpp"))]
