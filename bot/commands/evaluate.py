"""`boardwright eval`: requests, authors, repetitions; and the table of what held."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ExitCode, RequestError

SET_FILE = "eval.toml"


def evaluate(
    issues: Annotated[
        list[Path],
        typer.Argument(help="files with requests, or folders of them such as examples/eval"),
    ],
    runs: Annotated[int, typer.Option(min=1, max=1000, help="of each request by each author")] = 1,
    models: Annotated[
        str, typer.Option(help="who writes: names of models, and 'template'; with commas between")
    ] = "template",
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="the file that requests call NAME; may be repeated"),
    ] = None,
    out: Annotated[Path, typer.Option(help="where runs and results are kept")] = Path("evaluation"),
    jobs: Annotated[int, typer.Option(min=1, max=64, help="runs side by side")] = 1,
    budget_usd: Annotated[
        float | None, typer.Option(min=0, help="begin no run once all have cost so much")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="take all answers of models from this folder")
    ] = None,
) -> int:
    """Run requests many times and count what holds: strictly, at the first try, at which price.

    A run counts as a success when every claim was proven with the author's own files. What an
    earlier, interrupted evaluation left in the folder is taken as it is. Writes table.md,
    results.json, rows.csv and plot.svg.
    """
    from bot.console import choose_progress, output  # noqa: PLC0415
    from bot.evaluation.campaign import cases, run_all  # noqa: PLC0415
    from bot.evaluation.report import table, write_results  # noqa: PLC0415
    from bot.evaluation.travelling import make_with  # noqa: PLC0415

    authors = list(dict.fromkeys(name.strip() for name in models.split(",") if name.strip()))
    if not authors:
        raise RequestError("--models names nobody.", "Write `template`, or the name of a model.")
    files, impossible = _requests(issues)
    wanted = cases(files, authors, runs, impossible)
    make = make_with(_named(data or ()), replay)
    records = []
    with choose_progress() as progress:
        for record in run_all(wanted, out, make, jobs=jobs, budget_usd=budget_usd):
            records.append(record)
            progress.note(
                f"{len(records)} of {len(wanted)}: {record.request}, {record.author}, run "
                f"{record.run}: {record.end.value}{record.detail and f' ({record.detail[:160]})'}"
            )
    places = write_results(out, records)
    console = output()
    console.print(table(records).rich())
    for place in places:
        console.print(f"written   {place}", markup=False, highlight=False, soft_wrap=True)
    if len(records) < len(wanted):
        console.print(
            f"{len(wanted) - len(records)} runs were not begun: the budget of {budget_usd} USD is "
            "spent. The same command with a larger one goes on from here.",
            highlight=False,
        )
    whole = len(records) == len(wanted) and all(record.counts for record in records)
    return int(ExitCode.DONE if whole else ExitCode.MACHINE)


def _requests(places: list[Path]) -> tuple[list[Path], set[str]]:
    """Return the files with requests, and the names of those that cannot be met."""
    files: list[Path] = []
    impossible: set[str] = set()
    for place in places:
        if place.is_dir():
            found = sorted(path for path in place.glob("*.md") if path.stem != "README")
            if not found:
                raise RequestError(f"{place} holds no request.", "Name a folder of `.md` files.")
            files += found
        elif place.is_file():
            files.append(place)
        else:
            raise RequestError(f"There is no {place}.", "Name a file with a request.")
    for folder in {path.parent for path in files}:
        if (folder / SET_FILE).is_file():
            impossible |= _cannot_be_met(folder / SET_FILE)
    names = [path.stem for path in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RequestError(
            f"Two requests are called {twice[0]}.", "Results are kept by name: rename one."
        )
    return files, impossible


def _cannot_be_met(path: Path) -> set[str]:
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8")).get("cannot_be_met", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"{path}: {error}.", "Correct the file.") from None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise RequestError(f"{path}: `cannot_be_met` is a list of file names.", "Correct it.")
    return set(listed)


def _named(data: tuple[str, ...] | list[str]) -> dict[str, Path]:
    """Return the files that stand for names in requests."""
    named: dict[str, Path] = {}
    for item in data:
        name, separator, path = item.partition("=")
        if not separator or not name or "/" in name or not Path(path).is_file():
            raise RequestError(
                f"--data {item} names no file.",
                "Write the name that the request uses, `=`, and the path of the file, such as "
                "`--data fruit_data.csv=/home/me/fruit_data.csv`.",
            )
        named[name] = Path(path).resolve()
    return named
