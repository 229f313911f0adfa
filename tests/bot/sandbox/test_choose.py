"""The strongest sandbox that works is taken; without one, refusal names every cure."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.sandbox import choose as choosing
from bot.sandbox.choose import ACCEPT_VARIABLE, ACCEPT_WORDS, CHOICE_VARIABLE, choose
from bot.sandbox.job import Job, NeedsSandboxError, Origin, Result
from bot.sandbox.process import ProcessSandbox


@dataclass
class Named:
    name: str

    def run(self, job: Job) -> Result:
        raise NotImplementedError(job)


def machine(monkeypatch: pytest.MonkeyPatch, **found: Named | str) -> None:
    looks = {name: (lambda it=it: it) for name, it in found.items()}
    monkeypatch.setattr(choosing, "BACK_ENDS", looks)


DOCKER, BUBBLEWRAP = Named("Docker"), Named("bubblewrap")


def test_the_first_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, docker=DOCKER, bubblewrap=BUBBLEWRAP)
    assert choose(Origin.LANGUAGE_MODEL, {}) is DOCKER
    machine(monkeypatch, docker="no daemon", bubblewrap=BUBBLEWRAP)
    assert choose(Origin.PERSON, {}) is BUBBLEWRAP


def test_one_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, docker=DOCKER, bubblewrap=BUBBLEWRAP)
    assert choose(Origin.PERSON, {CHOICE_VARIABLE: "bubblewrap"}) is BUBBLEWRAP
    with pytest.raises(NeedsSandboxError, match="docker or bubblewrap"):
        choose(Origin.PERSON, {CHOICE_VARIABLE: "chroot"})


def test_without_any_the_cures_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, docker="start Docker", bubblewrap="apt-get install bubblewrap")
    with pytest.raises(NeedsSandboxError) as caught:
        choose(Origin.LANGUAGE_MODEL, {})
    for cure in (
        "start Docker",
        "apt-get install bubblewrap",
        f'{ACCEPT_VARIABLE}="{ACCEPT_WORDS}"',
    ):
        assert cure in str(caught.value)


def test_only_the_very_words_accept_the_risk(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, docker="none")
    for said in ("1", "yes", ACCEPT_WORDS.upper()):
        with pytest.raises(NeedsSandboxError):
            choose(Origin.LANGUAGE_MODEL, {ACCEPT_VARIABLE: said})
    accepted = choose(Origin.LANGUAGE_MODEL, {ACCEPT_VARIABLE: ACCEPT_WORDS})
    assert isinstance(accepted, ProcessSandbox)
    job = Job(("python", "-c", "print('ran')"), {}, {}, Origin.LANGUAGE_MODEL)
    assert accepted.run(job).completed


def test_the_words_never_replace_a_sandbox_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, bubblewrap=BUBBLEWRAP)
    assert choose(Origin.PERSON, {ACCEPT_VARIABLE: ACCEPT_WORDS}) is BUBBLEWRAP


def test_templates_run_as_plain_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch)
    sandbox = choose(Origin.TEMPLATE, {})
    with pytest.raises(NeedsSandboxError):
        sandbox.run(Job(("python", "-c", "pass"), {}, {}, Origin.PERSON))
