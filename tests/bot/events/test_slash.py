"""Commands in comments."""

from __future__ import annotations

import pytest

from bot.events import slash
from bot.events.slash import HELP, PlanWish, is_command, parse


@pytest.mark.parametrize(
    ("comment", "command"),
    [
        ("/boardwright build", slash.Build()),
        ("/boardwright", slash.Help()),
        ("/boardwright\n", slash.Help()),
        ("/Boardwright  HELP", slash.Help()),
        ("/boardwright plan", slash.Plan(PlanWish.SHOW)),
        ("/boardwright plan show", slash.Plan(PlanWish.SHOW)),
        ("/boardwright plan Smaller\r\nthanks", slash.Plan(PlanWish.SMALLER)),
        ("/boardwright plan larger", slash.Plan(PlanWish.LARGER)),
        ("/boardwright approve\r\n\r\nlooks good", slash.Approve()),
        ("/boardwright revise use fewer\nfilters", slash.Revise("use fewer\nfilters")),
        ("/boardwright revise\n\nuse fewer", slash.Revise("use fewer")),
        ("/boardwright measure mps2-an386", slash.Measure("mps2-an386")),
        ("/boardwright status", slash.Status()),
        ("/boardwright cancel", slash.Cancel()),
        ("/boardwright retry", slash.Retry()),
    ],
)
def test_a_command_is_read(comment: str, command: slash.Command) -> None:
    assert is_command(comment)
    assert parse(comment) == command


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("biuld", "build"),
        ("build now", "build"),
        ("cancel the last of these", "cancel"),
        ("plan bigger", "plan"),
        ("plan smaller please", "plan"),
        ("revise", "revise TEXT"),
        ("mesure mps2-an386", "measure BOARD"),
        ("measure", "measure BOARD"),
        ("measure a b", "measure BOARD"),
        ("xyzzy", "help"),
        ("💥", "help"),
    ],
)
def test_what_is_none_gets_the_nearest(said: str, nearest: str) -> None:
    assert parse(f"/boardwright {said}") == slash.Unknown(said, nearest)


def test_what_was_said_is_shortened() -> None:
    unknown = parse("/boardwright " + "x" * 60_000)
    assert isinstance(unknown, slash.Unknown)
    assert len(unknown.said) == 100


@pytest.mark.parametrize(
    "comment",
    [
        "",
        " /boardwright build",
        "\n/boardwright build",
        "> /boardwright build",
        "`/boardwright build`",
        "please /boardwright build",
        "/boardwrights build",
        "/boardwright: build",
        "/board wright build",
    ],
)
def test_only_the_very_start_of_a_comment_commands(comment: str) -> None:
    assert not is_command(comment)


def test_help_names_every_command_once() -> None:
    verbs = [usage.split()[0] for usage in HELP]
    kinds = {slash.Build, slash.Plan, slash.Approve, slash.Revise, slash.Measure}
    kinds |= {slash.Status, slash.Cancel, slash.Retry, slash.Help}
    assert {verb.capitalize() for verb in verbs} == {kind.__name__ for kind in kinds}
    assert all("\n" not in line and line for line in HELP.values())
