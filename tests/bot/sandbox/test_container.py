"""Containers whose Boardwright is dead are removed; those of a living one stay."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from bot.sandbox.container import LABEL, connect, sweep
from bot.sandbox.image import build_image, image_exists, image_name

pytestmark = pytest.mark.slow


def test_orphans_are_removed() -> None:
    client = connect()
    if client is None:
        pytest.skip("no Docker daemon answers: sh scripts/docker-daemon.sh start, as root")
    with closing(client):
        name = image_name("tools")
        if not image_exists(client, name):
            list(build_image(client, os.environ.get("PIP_INDEX_URL", ""), "tools"))
        started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
        labels = {"orphan": f"{os.getpid()}:{int(started) + 1}", "ours": f"{os.getpid()}:{started}"}
        made = {
            kind: client.containers.run(
                name, ["sleep", "60"], labels={LABEL: label}, network_mode="none", detach=True
            )
            for kind, label in labels.items()
        }
        try:
            assert sweep(client) >= 1
            left = {c.id for c in client.containers.list(all=True, filters={"label": LABEL})}
            assert made["orphan"].id not in left
            assert made["ours"].id in left
        finally:
            made["ours"].remove(force=True)
