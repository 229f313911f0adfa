"""Measuring: a project here, or a bundle on a bench, and the file with the results."""

from __future__ import annotations

import functools
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bot.console import choose_progress, output
from bot.errors import RequestError
from bot.project_folder import check_project
from bot.rendering.text import plain
from bot.run_figures import run_figures
from bot.summary import show_reports
from bot.workspace import write_atomically
from hardware_runner.bench import Bench, Place
from hardware_runner.bench_file import read_bench
from hardware_runner.bench_run import measure_bundle
from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.bundle import read_bundle, unpack
from hardware_runner.bundle.testset import Testset, read_testset
from hardware_runner.errors import BundleRefused
from hardware_runner.gear import EMULATED
from hardware_runner.measure import measure
from hardware_runner.report import RunReport
from hardware_runner.results import RESULTS_FILE, Results
from model_compiler import compile_model, load_model

WITHOUT_A_BENCH = "emulated"
"""Name of the bench that every machine is."""

DEFAULT = Path("default")
"""Stands for the bench.toml of this machine's user."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured.

    Attributes:
        bundle: a folder, or a zip.
        sha256: of the zip; empty for a folder.
        commit: which the bundle must be of; empty: any.
        bench: bench.toml, or DEFAULT; None: emulated boards alone.
        boards: names; none: all boards of the bundle.
    """

    bundle: Path
    sha256: str
    commit: str
    bench: Path | None
    boards: tuple[str, ...]


def measure_project(project: Path, names: Sequence[str]) -> tuple[list[RunReport], Testset]:
    """Build a project for each board, run all held-out samples on it, one board after the other.

    Raises:
        RequestError, BuildError, BundleRefused, ToolMissing, UnknownBoard.
    """
    check_project(project)
    if not names:
        raise RequestError("No board is named.", "Name one with --board.")
    boards = [find_board(name) for name in names]
    compiled = compile_model(load_model((project / "model.tflite").read_bytes()))
    testset = read_testset((project / "testset.npz").read_bytes())
    reports = []
    with (
        tempfile.TemporaryDirectory(prefix="boardwright-") as scratch,
        choose_progress() as progress,
    ):
        for board in boards:
            firmware = build_firmware(board, project, compiled, Path(scratch) / board.name)
            advanced = functools.partial(progress.advanced, f"samples on {board.name}")
            reports.append(measure(board, firmware, testset.x, on_progress=advanced))
    return reports, testset


def measure_bundled(asked: Asked, into: Path | None) -> tuple[list[RunReport], Testset]:
    """Measure a bundle on all boards at once, and write the results into a folder.

    Raises:
        BundleRefused, BenchError, RequestError, UnknownBoard.
    """
    with tempfile.TemporaryDirectory(prefix="boardwright-") as scratch:
        folder = _folder(asked, Path(scratch))
        try:
            bundle = read_bundle(folder)
        except BundleRefused as refused:
            cure = "Build it again, and leave it as it is."
            raise RequestError(f"{asked.bundle} is refused. {refused}", cure) from refused
        if asked.commit and bundle.manifest.commit != asked.commit:
            raise RequestError(
                f"The bundle is of commit {bundle.manifest.commit}, not of {asked.commit}.",
                "Build it again from the commit that is to be measured.",
            )
        names = asked.boards or (*bundle.boards(), *sorted(bundle.manifest.failed))
        bench = _bench(asked, names)
        _check_once(bench, names)
        if into is not None:
            _check_place(into)
        with choose_progress() as progress:
            results = measure_bundle(
                bench,
                bundle,
                names,
                on_progress=lambda board, done, total: progress.advanced(
                    f"samples on {board}", done, total
                ),
                on_note=lambda board, text: progress.note(f"{board}: {plain(text)}"),
            )
    if into is not None:
        write_results(results, into)
    return [one.report for one in results.boards], bundle.testset


def tell(
    reports: list[RunReport],
    testset: Testset,
    json_file: Path | None = None,
    outputs: Path | None = None,
) -> None:
    """Print a table of the reports; write them, and the worst figures, where files are named."""
    show_reports(output(), reports, testset.y)
    if json_file is not None:
        content = TypeAdapter(list[RunReport]).dump_json(reports, indent=2)
        write_atomically(json_file, content + b"\n")
    if outputs is not None:
        figures = run_figures(reports, testset.y)
        with outputs.open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in figures.items())


def write_results(results: Results, folder: Path) -> None:
    """Write the results where `boardwright report` looks for them."""
    write_atomically(folder / RESULTS_FILE, results.model_dump_json(indent=1).encode() + b"\n")


def _check_place(into: Path) -> None:
    """Refuse a folder that cannot be made before boards are measured, not after."""
    there = next(place for place in (into, *into.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise RequestError(f"No results can be written to {into}.", "Name another --output.")


def _folder(asked: Asked, scratch: Path) -> Path:
    """Return the folder of the bundle; a zip, which may lie alone in a folder, is unpacked."""
    if asked.bundle.is_dir() and not asked.sha256:
        return asked.bundle
    files = list(asked.bundle.iterdir()) if asked.bundle.is_dir() else [asked.bundle]
    if len(files) != 1 or not files[0].is_file():
        raise RequestError(
            f"There is no bundle at {asked.bundle}.", "`boardwright build` makes one."
        )
    if not re.fullmatch(r"[0-9a-f]{64}", asked.sha256):
        raise RequestError(
            "A zip is unpacked only if its SHA-256 is known.", "Give it with --sha256."
        )
    unpack(files[0], scratch / "bundle", asked.sha256)
    return scratch / "bundle"


def _bench(asked: Asked, names: Sequence[str]) -> Bench:
    """Return the bench, with every emulated board that is asked for and that it does not name."""
    bench = None if asked.bench is None else _read(asked.bench)
    places = () if bench is None else bench.places
    there = {name for place in places for name in (place.name, place.board)}
    wanted = dict.fromkeys(find_board(name) for name in names if name not in there)
    added = tuple(
        Place(name=board.name, board=board.name, flasher=EMULATED)
        for board in wanted
        if board.is_emulated
    )
    return Bench(
        name=WITHOUT_A_BENCH if bench is None else bench.name,
        reservation="flock" if bench is None else bench.reservation,
        place=(*places, *added),
    )


def _check_once(bench: Bench, names: Sequence[str]) -> None:
    """Refuse two names of one board: results tell of each board once."""
    board_at = {place.name: place.board for place in bench.places}
    first: dict[str, str] = {}
    for name in dict.fromkeys(names):
        board = find_board(board_at.get(name, name)).name
        if board in first:
            raise RequestError(
                f"{first[board]} and {name} are both {board}, and results tell of a board once.",
                "Name one of them.",
            )
        first[board] = name


def _read(path: Path) -> Bench:
    return read_bench(None if path == DEFAULT else path)
