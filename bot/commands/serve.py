"""`boardwright serve`: the web process of the service, which takes GitHub's deliveries in."""

from __future__ import annotations

import gc
import socket
from contextlib import nullcontext
from typing import Annotated

import typer

from bot.errors import ExitCode, Infrastructure

_CONNECTIONS = 512
_SHUTDOWN_S = 10


def serve(
    host: Annotated[str | None, typer.Option(help="instead of BOARDWRIGHT_HOST")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="instead of BOARDWRIGHT_PORT; 0: any")
    ] = None,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="do the work, too, in a process beside this one")
    ] = False,
) -> int:
    """Await deliveries from GitHub and show how jobs stand, until SIGTERM or Ctrl-C.

    All settings are variables BOARDWRIGHT_...; `boardwright work` does the work.
    """
    import structlog  # noqa: PLC0415  (all of these are slow to load, or of an optional extra)
    import uvicorn  # noqa: PLC0415

    from bot.app import create_app  # noqa: PLC0415
    from bot.jobs.client import JobClient  # noqa: PLC0415
    from bot.jobs.companion import accompanied  # noqa: PLC0415
    from bot.service.logs import set_up_logs  # noqa: PLC0415
    from bot.service.settings import load_service_settings  # noqa: PLC0415
    from bot.service.telemetry import send_spans  # noqa: PLC0415

    settings = load_service_settings()
    set_up_logs(settings.log_format, settings.log_level, settings.secrets)
    listening = _listen(host or settings.host, settings.port if port is None else port)
    settings.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    send_last_spans = send_spans()
    client = JobClient(settings.database)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, client, client),
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        )
    )
    # What is loaded now stays: looking through it for garbage would hold deliveries up.
    gc.collect()
    gc.freeze()
    log = structlog.stdlib.get_logger("boardwright.web")
    log.info("listening", address="{}:{}".format(*listening.getsockname()[:2]))
    try:
        with accompanied() if with_worker else nullcontext():
            server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # uvicorn ended cleanly, and hands the signal on
    finally:
        client.close()
        send_last_spans()
    return int(ExitCode.DONE)


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        Infrastructure: somebody else does, or the address is none of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Infrastructure(
            f"Nothing can be awaited at {host}, port {port}: {error.strerror or error}.",
            "set BOARDWRIGHT_HOST and BOARDWRIGHT_PORT to a free address of this machine",
        ) from None
