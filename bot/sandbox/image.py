"""The image that authored code runs in: its name, whether it is there, and how it is built."""

from __future__ import annotations

import hashlib
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors

from bot.errors import Infrastructure
from bot.sandbox.surroundings import PACKAGE_ROOT
from bot.scratch import in_turn, scratch

REPOSITORY = "boardwright"
TARGET = "sandbox"
BUILD = "boardwright sandbox build"

_DOCKERFILE, _LOCK, _PICK = "Dockerfile", "requirements.lock", "scripts/sandbox_requirements.py"
_RECIPE = (_DOCKERFILE, _LOCK, _PICK)
_CERTIFICATES = (PACKAGE_ROOT / "extra-ca", Path("/usr/local/share/ca-certificates"))


def recipe_missing() -> str:
    """Say what is missing to build the image; empty where everything is there."""
    if all((PACKAGE_ROOT / name).is_file() for name in _RECIPE):
        return ""
    return "the image is built from a checkout: clone the repository and install from there"


def image_name(target: str = TARGET) -> str:
    """Return the image's name, which changes with whatever it is made from.

    Of the lock file only the versions and hashes count that are installed in it: a package that
    only the harness uses makes no other image.

    Raises:
        Infrastructure: this is no checkout, so nothing says what it is made from.
    """
    if problem := recipe_missing():
        raise Infrastructure(problem)
    digest = hashlib.sha256(_stages((PACKAGE_ROOT / _DOCKERFILE).read_text(encoding="utf-8")))
    digest.update(_installed().encode())
    return f"{REPOSITORY}-{target}:{digest.hexdigest()[:12]}"


def _stages(dockerfile: str) -> bytes:
    """Return a Dockerfile up to the end of the sandbox; what comes behind changes no such image."""
    kept: list[str] = []
    for line in dockerfile.splitlines():
        if line.startswith("FROM ") and any(past.endswith(f" AS {TARGET}") for past in kept):
            break
        kept.append(line)
    return "\n".join(line for line in kept if not line.startswith("#")).strip().encode()


def _installed() -> str:
    """Return the lines of the lock file that the image's packages come from."""
    pick = runpy.run_path(str(PACKAGE_ROOT / _PICK))["needed"]
    blocks = str(pick((PACKAGE_ROOT / _LOCK).read_text(encoding="utf-8")))
    return "\n".join(line for line in blocks.splitlines() if not line.lstrip().startswith("#"))


def image_exists(client: docker.DockerClient, name: str) -> bool:
    """Say whether the daemon has an image."""
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        return False
    return True


def build_image(
    client: docker.DockerClient, index_url: str = "", target: str = TARGET
) -> Iterator[str]:
    """Build the image and yield what the build says, line by line.

    One build at a time goes on for a user, as a second one finds all done that the first one did.
    Root certificates that this machine trusts beside the usual ones are trusted in the image too,
    so that a build behind a proxy that re-signs HTTPS succeeds.

    Args:
        client: of the daemon that builds.
        index_url: of a package index; empty for the public one.
        target: of the Dockerfile.

    Raises:
        Infrastructure: it failed.
    """
    name = image_name(target)
    with in_turn("build"), scratch() as folder:
        context = folder / "context"
        for recipe in _RECIPE:
            (context / recipe).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PACKAGE_ROOT / recipe, context / recipe)
        _copy_certificates(context / "extra-ca")
        events = client.api.build(
            path=str(context),
            tag=name,
            target=target,
            buildargs={"PIP_INDEX_URL": index_url} if index_url else {},
            rm=True,
            forcerm=True,
            decode=True,
        )
        yield from _told(events)


def _copy_certificates(target: Path) -> None:
    target.mkdir()
    (target / ".keep").touch()
    for folder in _CERTIFICATES:
        for certificate in folder.glob("*.crt") if folder.is_dir() else ():
            shutil.copy(certificate, target / certificate.name)


def _told(events: Iterator[Any]) -> Iterator[str]:
    for event in events:
        if "error" in event:
            raise Infrastructure(f"The image could not be built: {event['error'].strip()}")
        yield from str(event.get("stream", "")).splitlines()
