"""`boardwright act`: what a workflow run does about the event that started it."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.errors import ExitCode, Infrastructure
from bot.issue_form import LABEL


def act(
    label: Annotated[str, typer.Option(help="on an issue it asks for work")] = LABEL,
    fail_on: Annotated[
        str, typer.Option(metavar="[never|service|limit]", help="what makes the run fail")
    ] = "service",
) -> int:
    """Follow the event of this GitHub workflow run until a person is waited for.

    Reads GITHUB_EVENT_NAME, GITHUB_EVENT_PATH, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_TOKEN and
    RUNNER_TEMP; docs/actions.md tells how to set the workflow up. Ends with 1 where Boardwright,
    GitHub or the machine let somebody down, as the comment tells.
    """
    # All of these are slow to load, or of an optional extra.
    import os  # noqa: PLC0415

    from bot.actions import acting, one_run, report  # noqa: PLC0415
    from bot.actions.context import close_doors, read_context  # noqa: PLC0415
    from bot.events.payload import Malformed  # noqa: PLC0415
    from bot.github.access import Connection, TokenAccess  # noqa: PLC0415
    from bot.github.client import GitHub  # noqa: PLC0415

    if fail_on not in (one.value for one in report.FailOn):
        raise typer.BadParameter("it is never, service or limit", param_hint="--fail-on")
    report.log_errors()
    context = read_context(os.environ)
    close_doors(os.environ)
    os.chdir(context.scratch)  # what a checkout holds must never be imported
    hubs = GitHub(TokenAccess(context.token, context.login), Connection(context.api_url))
    try:
        told = acting.act(context, hubs, one_run.Settings(label=label))
    except Malformed as error:
        raise Infrastructure(f"The event cannot be read: {error}") from None
    report.write_report(told, context.summary, context.output)
    report.say(f"{told.done} ({told.verdict})")
    failed = told.fails(report.FailOn(fail_on))
    return int(ExitCode.LIMIT_MISSED if failed else ExitCode.DONE)
