"""`boardwright sandbox`: where authored code would run here, and the image for it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from bot.errors import ExitCode, Infrastructure

app = typer.Typer(
    help="Where authored code runs: what this machine has, and the image for Docker.",
    no_args_is_help=True,
)


@app.command("status", short_help="Which sandboxes work here.")
def status() -> int:
    """Try each sandbox with a small job and say what it lacks; ends with 3 where none works."""
    from rich.text import Text  # noqa: PLC0415

    from bot.console import output  # noqa: PLC0415
    from bot.sandbox.choose import BACK_ENDS  # noqa: PLC0415

    console, usable = output(), False
    for name, look in BACK_ENDS.items():
        found = look()
        if isinstance(found, str):
            console.print(Text(f"{name}: {found}", style="yellow"), soft_wrap=True)
            continue
        told = "works" if usable else "works; code of other authors than the templates runs here"
        console.print(Text(f"{found.name}: {told}", style="green"), soft_wrap=True)
        usable = True
    return int(ExitCode.DONE if usable else ExitCode.MACHINE)


@app.command("build", short_help="Build the image for Docker.")
def build(
    index_url: Annotated[
        str, typer.Option(help="Package index to install from; $PIP_INDEX_URL without this.")
    ] = "",
) -> int:
    """Build the image in which Docker runs authored code: some minutes, about 2.5 GB."""
    from bot.console import output  # noqa: PLC0415
    from bot.sandbox.container import connect  # noqa: PLC0415
    from bot.sandbox.image import build_image, image_name  # noqa: PLC0415

    client = connect()
    if client is None:
        raise Infrastructure("No Docker daemon answers.", "docker info")
    console = output()
    for line in build_image(client, index_url or os.environ.get("PIP_INDEX_URL", "")):
        if line.startswith("Step "):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"Built {image_name()}.", markup=False, highlight=False)
    return int(ExitCode.DONE)
