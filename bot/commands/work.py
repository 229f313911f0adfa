"""`boardwright work`: a worker of the service, which does what deliveries ask for."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.errors import ExitCode


def work(
    name: Annotated[
        str | None, typer.Option(help="of this worker, instead of BOARDWRIGHT_WORKER_NAME")
    ] = None,
    reconcile: Annotated[
        bool, typer.Option(help="look every hour for what was missed while nobody was there")
    ] = True,
) -> int:
    """Run jobs until SIGTERM or Ctrl-C; what runs then goes on at the next start.

    All settings are variables BOARDWRIGHT_...; `boardwright serve` takes deliveries in. With SQLite
    there is one worker, with PostgreSQL as many as you like, which share the state folder.
    """
    # All of these are slow to load, or of an optional extra.
    from bot.github.access import AppAccess, Connection, TokenAccess  # noqa: PLC0415
    from bot.github.client import GitHub  # noqa: PLC0415
    from bot.github.rounds import GitHubRounds  # noqa: PLC0415
    from bot.jobs.activities import Activities  # noqa: PLC0415
    from bot.jobs.alone import among_workers  # noqa: PLC0415
    from bot.jobs.client import JobClient  # noqa: PLC0415
    from bot.jobs.engine import EngineSettings  # noqa: PLC0415
    from bot.jobs.reconcile import Reconciler  # noqa: PLC0415
    from bot.jobs.worker import make_engine, run_until_asked  # noqa: PLC0415
    from bot.service.logs import set_up_logs  # noqa: PLC0415
    from bot.service.settings import load_service_settings  # noqa: PLC0415
    from bot.service.telemetry import send_spans  # noqa: PLC0415

    settings = load_service_settings()
    set_up_logs(settings.log_format, settings.log_level, settings.secrets)
    settings.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    send_last_spans = send_spans()
    access: AppAccess | TokenAccess
    if settings.token is not None:
        access = TokenAccess(settings.token.get_secret_value(), settings.own_login or None)
    else:
        key = settings.private_key.get_secret_value() if settings.private_key else ""
        access = AppAccess(settings.app_id or 0, key)
    connection = Connection(settings.github_url)
    jobs = settings.state_folder / "jobs"
    acts = Activities(
        GitHub(access, connection),
        jobs,
        label=settings.label,
        alone=among_workers(settings.database),
    )
    engine = make_engine(
        EngineSettings(
            url=settings.database,
            executor_id=name or settings.worker_name,
            builds_at_once=settings.builds_at_once,
            plans_at_once=settings.plans_at_once,
        ),
        acts,
    )
    client = JobClient(settings.database)
    rounds = Reconciler(GitHubRounds(access, connection), client, settings.label)
    try:
        run_until_asked(engine, [rounds.run] if reconcile else [])
    finally:
        client.close()
        send_last_spans()
    return int(ExitCode.DONE)
