"""The webhook: what it answers to deliveries that are right, odd, forged, huge, late or doubled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bot.app import create_app
from bot.events.delivery import MAX_BODY_BYTES
from bot.events.event import Commanded, Labelled
from bot.service.body import Bodies, Refusal
from bot.service.intake import StoreFailed
from tests.bot.events.payloads import comment, labelled, of, recorded, signed
from tests.bot.events.test_delivery import mutated
from tests.bot.service.memory import MemoryIntake, MemoryJobs, settings


class Service:
    """The application with its intake, and how GitHub would speak to it."""

    def __init__(self, **changes: object) -> None:
        self.intake = MemoryIntake()
        self.client = TestClient(create_app(settings(**changes), self.intake, MemoryJobs()))

    def deliver(
        self, name: str, payload: Any, delivery_id: str = "d-1", **headers: str | None
    ) -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        all_headers = {
            "x-github-event": name,
            "x-github-delivery": delivery_id,
            "x-hub-signature-256": signed(body),
            "content-type": "application/json",
        } | {key.replace("_", "-"): value for key, value in headers.items()}
        sent = {key: value for key, value in all_headers.items() if value is not None}
        return self.client.post("/webhook", content=body, headers=sent)


@pytest.fixture
def service() -> Service:
    return Service()


def test_a_delivery_is_stored_and_acknowledged(service: Service) -> None:
    answer = service.deliver("issues", labelled())
    assert (answer.status_code, answer.json()) == (202, {"job": "job-of-d-1", "duplicate": False})
    assert isinstance(service.intake.events["d-1"], Labelled)


def test_a_redelivery_is_acknowledged_and_stored_once(service: Service) -> None:
    service.deliver("issues", labelled())
    again = service.deliver("issues", labelled())
    assert (again.status_code, again.json()["duplicate"]) == (202, True)
    assert len(service.intake.events) == 1


def test_what_asks_for_nothing_is_answered_with_the_reason(service: Service) -> None:
    answer = service.deliver("ping", {"zen": "Design for failure."})
    assert answer.status_code == 200
    assert "ignored" in answer.json()
    assert not service.intake.events


def test_the_label_is_a_setting() -> None:
    service = Service(label="measure-me")
    wanted = of("labeled", label={"name": "measure-me"}, issue=labelled()["issue"])
    assert service.deliver("issues", labelled(), "d-1").status_code == 200
    assert service.deliver("issues", wanted, "d-2").status_code == 202


def test_own_words_are_not_heard() -> None:
    service = Service(own_login="ada")
    assert service.deliver("issue_comment", comment("/boardwright build")).status_code == 200


@pytest.mark.parametrize("error", [StoreFailed("away"), OSError("disk"), TimeoutError()])
def test_what_cannot_be_stored_is_not_acknowledged(service: Service, error: Exception) -> None:
    service.intake.broken = error
    assert service.deliver("issues", labelled()).status_code == 503
    assert service.client.get("/readyz").status_code == 503
    service.intake.broken = None
    assert service.deliver("issues", labelled()).status_code == 202
    assert service.client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x_hub_signature_256": None}, 401),
        ({"x_hub_signature_256": ""}, 401),
        ({"x_hub_signature_256": "sha256=" + "0" * 64}, 401),
        ({"x_hub_signature_256": "sha1=" + "0" * 40}, 401),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": None}, 415),
        ({"x_github_delivery": None}, 400),
        ({"x_github_delivery": " "}, 400),
        ({"x_github_delivery": "a/b"}, 400),
        ({"x_github_event": None}, 400),
        ({"x_github_event": "<script>"}, 400),
    ],
)
def test_odd_requests_are_refused(
    service: Service, headers: dict[str, str | None], status: int
) -> None:
    answer = service.deliver("issues", labelled(), **headers)
    assert (answer.status_code, len(answer.json()["message"]) > 10) == (status, True)
    assert not service.intake.events


def test_content_types_may_name_a_character_set(service: Service) -> None:
    kind = "Application/JSON; charset=utf-8"
    assert service.deliver("issues", labelled(), content_type=kind).status_code == 202


def test_odd_payloads_are_refused_by_their_place(service: Service) -> None:
    answer = service.deliver("issues", of("labeled", issue={"number": "5"}))
    assert answer.status_code == 400
    assert "`" in answer.json()["message"]


@pytest.mark.parametrize("secret", ["", "another secret of good length"])
def test_another_secret_signs_for_nobody(service: Service, secret: str) -> None:
    body = json.dumps(labelled()).encode()
    forged = signed(body, secret)
    assert service.deliver("issues", body, x_hub_signature_256=forged).status_code == 401


def test_one_wrong_digit_or_bit_is_refused(service: Service) -> None:
    body = json.dumps(labelled()).encode()
    right = signed(body)
    random = Random(3)  # noqa: S311
    for position in range(len("sha256="), len(right)):
        wrong = right[:position] + ("0" if right[position] != "0" else "1") + right[position + 1 :]
        answer = service.deliver("issues", body, x_hub_signature_256=wrong)
        assert answer.status_code == 401
    for bit in random.sample(range(8 * len(body)), 100):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        answer = service.deliver("issues", bytes(flipped), x_hub_signature_256=right)
        assert answer.status_code == 401
    assert not service.intake.events


def test_a_body_that_is_announced_too_long_is_refused_unread(service: Service) -> None:
    answer = service.deliver("issues", labelled(), content_length=str(MAX_BODY_BYTES + 1))
    assert answer.status_code == 413


# Bodies


async def _endless(taken: list[int]) -> AsyncIterator[bytes]:
    while True:
        taken.append(1)
        yield b"x" * 10


def test_a_body_without_an_end_is_refused_at_its_limit() -> None:
    taken: list[int] = []
    bodies = Bodies(each=100, together=1000, within_s=30)
    with pytest.raises(Refusal) as refusal:
        asyncio.run(bodies.read(None, _endless(taken)))
    assert refusal.value.status == 413
    assert len(taken) == 11


def test_a_body_of_the_longest_length_is_read() -> None:
    async def whole() -> AsyncIterator[bytes]:
        yield b"x" * 60
        yield b"y" * 40

    bodies = Bodies(each=100, together=100, within_s=30)
    for _ in range(3):  # what was read is no longer counted
        assert len(asyncio.run(bodies.read("100", whole()))) == 100


def test_many_bodies_at_once_have_a_limit_together() -> None:
    async def both() -> list[object]:
        gate = asyncio.Event()

        async def waiting() -> AsyncIterator[bytes]:
            yield b"x" * 80
            await gate.wait()

        async def second() -> AsyncIterator[bytes]:
            yield b"x" * 80
            gate.set()

        bodies = Bodies(each=100, together=150, within_s=30)
        first = asyncio.create_task(bodies.read(None, waiting()))
        await asyncio.sleep(0)
        result = await asyncio.gather(bodies.read(None, second()), return_exceptions=True)
        gate.set()
        return [*result, await first]

    refusal, body = asyncio.run(both())
    assert isinstance(refusal, Refusal)
    assert refusal.status == 503
    assert body == b"x" * 80


def test_a_body_that_never_comes_is_given_up() -> None:
    async def silent() -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    with pytest.raises(Refusal) as refusal:
        asyncio.run(Bodies(each=100, together=100, within_s=0.01).read(None, silent()))
    assert refusal.value.status == 408


# What was recorded


def test_every_recorded_delivery_is_answered() -> None:
    service = Service(label="bug")
    for index, (name, payload) in enumerate(recorded()):
        answer = service.deliver(name, payload, f"d-{index}")
        assert answer.status_code in (200, 202), (name, answer.text)
    assert len(service.intake.events) > 15
    senders = [getattr(event, "sender", None) for event in service.intake.events.values()]
    starting = (Labelled, Commanded)
    assert not any(
        sender and sender.is_bot and isinstance(event, starting)
        for sender, event in zip(senders, service.intake.events.values(), strict=True)
    )


@hypothesis_settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["whole", "cut", "spliced"]))
def test_broken_deliveries_are_answered_or_refused(seed: int, way: str) -> None:
    recorded()
    random = Random(seed)  # noqa: S311
    name, payload = mutated(random)
    body = json.dumps(payload).encode()
    if way == "cut":
        body = body[: random.randrange(len(body))]
    if way == "spliced":
        at = random.randrange(len(body))
        body = body[:at] + random.randbytes(random.randint(1, 9)) + body[at:]
    answer = _SHARED.deliver(name, body)
    assert answer.status_code in (200, 202, 400), answer.text


_SHARED = Service(label="bug")
