"""The command line: `boardwright run`, `compile`, `boards`, `measure`, `doctor`, `benchmark`."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from bot.commands import (
    act,
    bench,
    benchmark,
    boards,
    build,
    compile_model,
    doctor,
    erase,
    evaluate,
    export,
    listen,
    measure,
    report,
    run,
    sandbox,
    serve,
    work,
)
from bot.errors import ExitCode, RequestError, explain

# Recent Typers bring a Click of their own; `BadParameter` is the public name that leads to either.
_UsageError: type[Any] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="boardwright",
    help="From an issue that describes a TinyML goal to a proposal whose every claim was measured.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", short_help="From a request to a branch with a measured project.")(run.run)
app.command("compile", short_help="An int8 .tflite model to C99.")(compile_model.compile_file)
app.command("boards", short_help="List the boards that can be named.")(boards.boards)
app.command("build", short_help="Firmware for boards, to measure elsewhere.")(build.build_project)
app.command("measure", short_help="Measure a project, or a bundle, on boards.")(
    measure.measure_project
)
app.command("export", short_help="A project for Arduino, CMake, Zephyr and others.")(export.export)
app.command("doctor", short_help="What is installed, what is missing.")(doctor.report)
app.add_typer(sandbox.app, name="sandbox")
bench.app.command("erase", short_help="Erase what was left in boards.")(erase.erase)
bench.app.command("listen", short_help="Measure an exported firmware that is in a board.")(
    listen.listen
)
app.add_typer(bench.app, name="bench")
app.command("benchmark", short_help="What models cost on boards.")(benchmark.benchmark)
app.command("serve", short_help="Take deliveries from GitHub in.")(serve.serve)
app.command("work", short_help="Do what deliveries ask for.")(work.work)
app.command("act", short_help="Follow the event of a workflow run.")(act.act)
app.command("report", short_help="Tell a pull request what was measured.")(report.report)
app.command("eval", short_help="How often authors meet requests.")(evaluate.evaluate)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"boardwright {version('boardwright')}")
        except PackageNotFoundError:
            typer.echo("boardwright, not installed")
        raise typer.Exit()


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and stop."
        ),
    ] = False,
) -> None:
    """From an issue that describes a TinyML goal to a proposal whose every claim was measured."""


def invoke(arguments: list[str]) -> int:
    """Run one command line and return its exit code; no exception leaves it."""
    try:
        code = app(arguments, standalone_mode=False)
    except typer.Abort:
        return _fail(KeyboardInterrupt())
    except BrokenPipeError:
        return int(ExitCode.DONE)  # the reader of a pipe has seen enough
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, _UsageError):
            error.show()
            return int(ExitCode.REQUEST)
        return _fail(error)
    if code == ExitCode.INTERRUPTED:  # what Typer makes of Ctrl-C, without a word
        return _fail(KeyboardInterrupt())
    return int(code or 0)


def main() -> None:
    """Run the command line of this process; SIGTERM ends it as Ctrl-C does, with all it started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(invoke(sys.argv[1:]))


def _fail(error: BaseException) -> int:
    """Tell a person what went wrong, without a traceback."""
    explanation = explain(error)
    console = Console(stderr=True)
    if isinstance(error, RequestError) and console.is_terminal:
        console.print(Markdown(explanation.message))
    else:
        console.print(explanation.message, markup=False, highlight=False, soft_wrap=True)
    return int(explanation.code)
