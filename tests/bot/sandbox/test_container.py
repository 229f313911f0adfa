"""Containers: swept where their Boardwright is dead; told nothing of ours; heard to the end."""

from __future__ import annotations

import json
import os
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import docker
import pytest

from bot.sandbox import container
from bot.sandbox.container import LABEL, PLACE_LABEL, DockerSandbox, connect, labels, sweep
from bot.sandbox.image import build_image, image_exists, image_name
from bot.sandbox.job import Job, Origin

pytestmark = pytest.mark.slow


def _client() -> docker.DockerClient:
    client = connect()
    if client is None:
        pytest.skip("no Docker daemon answers: sh scripts/docker-daemon.sh start, as root")
    return client


def _image(client: docker.DockerClient) -> str:
    name = image_name("tools")
    if not image_exists(client, name):
        list(build_image(client, os.environ.get("PIP_INDEX_URL", ""), "tools"))
    return name


def test_orphans_are_removed() -> None:
    with closing(_client()) as client:
        name = _image(client)
        ours = labels()
        pid, _, started = ours[LABEL].partition(":")
        dead = {LABEL: f"{pid}:{int(started) + 1}"}
        wanted = {"orphan": ours | dead, "ours": ours, "unseen": dead | {PLACE_LABEL: "elsewhere"}}
        made = {
            kind: client.containers.run(
                name, ["sleep", "60"], labels=label, network_mode="none", detach=True
            )
            for kind, label in wanted.items()
        }
        try:
            sweep(client)  # or a test at its side did
            found = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
            left = {c.id for c in found}
            assert made["orphan"].id not in left
            assert made["ours"].id in left
            assert made["unseen"].id in left
        finally:
            made["ours"].remove(force=True)
            made["unseen"].remove(force=True)


def test_proxies_of_this_machine_stay_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxies = {"httpProxy": "http://me:secret@proxy.example:3128"}
    (tmp_path / "config.json").write_text(json.dumps({"proxies": {"default": proxies}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with closing(_client()) as client:
        assert client.api._proxy_configs.http == proxies["httpProxy"]
        job = Job(("sh", "-c", "echo told; env"), {}, {}, Origin.LANGUAGE_MODEL)
        result = DockerSandbox(client, _image(client)).run(job)
    assert result.completed and "told" in result.log
    assert "secret" not in result.log


def test_the_last_words_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    write = os.write

    def late(handle: int, data: memoryview) -> int:
        held.wait(0.5)  # as on a machine that is busy: the container ends before its words arrive
        return write(handle, data)

    monkeypatch.setattr(container, "os", SimpleNamespace(**{**vars(os), "write": late}))
    with closing(_client()) as client:
        job = Job(("sh", "-c", "echo last words"), {}, {}, Origin.LANGUAGE_MODEL)
        assert "last words" in DockerSandbox(client, _image(client)).run(job).log
