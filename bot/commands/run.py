"""`boardwright run`: the whole journey, from a file with an issue to a branch with a proposal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from bot.errors import ExitCode


def run(
    issue: Annotated[Path, typer.Argument(help="markdown file with the request")],
    into: Annotated[
        Path, typer.Option(help="git repository for the proposal; a new folder becomes one")
    ],
    board: Annotated[
        list[str] | None, typer.Option(help="use this board instead; may be repeated")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="of split and training")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget an interrupted run")] = False,
    author: Annotated[
        str | None,
        typer.Option(
            metavar="[llm|template]", help="who writes; default: llm where a model is set up"
        ),
    ] = None,
    budget_usd: Annotated[
        float | None, typer.Option(min=0, help="what language models may cost, in US dollars")
    ] = None,
    max_repairs: Annotated[
        int | None, typer.Option(min=0, max=20, help="of one stage by a language model")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(help="keep each exchange with a language model in this folder; use --fresh"),
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="take all answers from such a folder; needs no key")
    ] = None,
) -> int:
    """Turn a request into a branch with trained, compiled and measured code.

    Ends with 0 where every limit is met, 1 where one was missed or could not be proven, 2 where the
    request leaves questions, 3 where machine or board failed.
    """
    import shlex  # noqa: PLC0415

    from bot.console import choose_progress, output  # noqa: PLC0415

    console = output()
    with choose_progress() as progress:
        progress.note("reading the request")
        from bot.authorship import Wishes, Writer  # noqa: PLC0415  (brings NumPy and pandas)
        from bot.journey import travel  # noqa: PLC0415
        from bot.questions import Questions  # noqa: PLC0415

        if author not in (None, *(writer.value for writer in Writer)):
            raise typer.BadParameter("it is llm or template", param_hint="--author")
        writer = None if author is None else Writer(author)
        wishes = Wishes(writer, budget_usd, max_repairs, record, replay)
        end = travel(
            issue, into, progress, boards=board or (), seed=seed, fresh=fresh, wishes=wishes
        )
    if isinstance(end, Questions):
        text = end.markdown()
        if console.is_terminal:
            console.print(Markdown(text))
        else:
            console.print(text, markup=False, highlight=False, soft_wrap=True)
        return int(ExitCode.REQUEST)

    from bot.summary import exit_code, show  # noqa: PLC0415

    show(console, end.proposal, end.published)
    line = f"git -C {shlex.quote(str(into))} show --stat {end.published.branch}"
    console.print(f"to see it {line}", markup=False, highlight=False, soft_wrap=True)
    return int(exit_code(end.proposal))
