"""`boardwright report`: tell a pull request what a bench measured of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ExitCode, RequestError


def report(
    results: Annotated[
        Path, typer.Argument(help="what `boardwright measure` left: the folder, or its zip")
    ],
    pull: Annotated[int, typer.Option(min=1, help="number of the pull request")],
    commit: Annotated[str, typer.Option(help="full id of the commit that was measured")],
    fail_on: Annotated[
        str, typer.Option(metavar="[never|service|limit]", help="what makes the run fail")
    ] = "service",
) -> int:
    """Judge what a bench measured, and tell it as one comment and a check run for each board.

    Runs in a GitHub workflow: reads GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_EVENT_NAME,
    GITHUB_EVENT_PATH, GITHUB_TOKEN and RUNNER_TEMP; docs/hardware.md tells how it is set up.
    Nothing in the results is believed: accuracy is computed here, from answers and true labels.
    """
    import os  # noqa: PLC0415

    from bot.actions.context import close_doors, read_context  # noqa: PLC0415
    from bot.actions.measured_run import tell_pull  # noqa: PLC0415
    from bot.actions.report import FailOn, log_errors, say, write_outputs  # noqa: PLC0415
    from bot.github.access import Connection, TokenAccess  # noqa: PLC0415
    from bot.github.client import GitHub  # noqa: PLC0415

    if fail_on not in (one.value for one in FailOn):
        raise typer.BadParameter("it is never, service or limit", param_hint="--fail-on")
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        cure = "Give its full id, 40 hexadecimal digits."
        raise RequestError(f"'{commit[:60]}' is no commit.", cure)
    log_errors()
    context = read_context(os.environ)
    close_doors(os.environ)
    hubs = GitHub(TokenAccess(context.token, context.login), Connection(context.api_url))
    told = tell_pull(hubs.open(context.repository, None), context, results, pull, commit)
    write_outputs(context.output, {"verdict": told.verdict})
    say(f"{told.line} ({told.verdict})")
    return int(ExitCode.LIMIT_MISSED if told.fails(FailOn(fail_on)) else ExitCode.DONE)
