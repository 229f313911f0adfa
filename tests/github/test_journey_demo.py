"""Both demo requests, for real: training, conversion, an emulated board, a review, a merge."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bot.llm.server import Asked, ScriptedServer
from tests.bot.scripted import reply, template_files
from tests.github.emulator.person import At
from tests.github.emulator.server import HubServer
from tests.github.walk import EXAMPLES, Walk, walking

TOOLS = ("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
MISSING = [name for name in TOOLS if shutil.which(name) is None]
MISSING += [name for name in ("tensorflow",) if find_spec(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

# What a language model may write at first: it acts on a single result.
ACTS_AT_ONCE = """/* SPDX-License-Identifier: Apache-2.0 */
/* Fruit by its colour: act on a class as soon as it is clear. */
#include "app.h"

#define BW_CLEAR_SCORE 26

int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT])
{
    int best = 0;

    for (int i = 1; i < BW_CLASS_COUNT; ++i) {
        if (scores[i] > scores[best]) {
            best = i;
        }
    }
    const int decided = scores[best] >= BW_CLEAR_SCORE ? best : -1;

    bw_board_led(decided >= 0);
    return decided;
}

void bw_app_reset(void)
{
    bw_board_led(0);
}
"""
WHY_SHARES = "Shares of the sum do not change with distance or daylight, raw counts do."


def names(paths: Sequence[str]) -> set[str]:
    return {path.rpartition("/")[2] for path in paths}


def assert_reviewable(walk: Walk) -> None:
    """Check what a person finds who was asked for a review."""
    pull = walk.pull()
    assert pull.draft and f"Closes #{walk.issue.number}" in pull.body
    assert "**All limits met" in pull.body and "Accuracy on mps2-an386" in pull.body
    assert [asked.login for asked in pull.requested_reviewers] == ["maint"]
    files = names([file.filename for file in pull.get_files()])
    assert {"features.c", "train.py", "app.c", "model.tflite", "evidence.json"} <= files
    check = walk.check(pull.head.sha)
    assert check.conclusion == "success" and "Accuracy on mps2-an386" in check.output.summary
    assert walk.live().count("✅") == 5, walk.live()
    assert any("mps2-an386" in comment for comment in walk.said())


def assert_checked_again(walk: Walk, before: str) -> None:
    """Check that the review led to one commit with evidence of its own, and a check on it."""
    walk.until_answered()
    pull, commit = walk.pull(), walk.revision()
    assert pull.head.sha == commit.sha != before and pull.draft
    assert commit.commit.message.startswith("Follow the review by owner")
    assert walk.check(before).conclusion == walk.check(commit.sha).conclusion == "success"
    assert len(walk.said()) == len(set(walk.said()))
    for thread in walk.threads():
        (_, answer) = thread.comments
        assert commit.sha in answer.body


def accuracy(walk: Walk, sha: str) -> float:
    found = json.loads(walk.file("evidence.json", sha))["evidence"]
    return next(e["value"] for e in found if e["check"] == "firmware.mps2-an386.accuracy")


def test_digits_by_templates_follow_what_they_can_and_say_what_they_cannot(
    hub_server: HubServer, tmp_path: Path
) -> None:
    with walking(hub_server, tmp_path, "digits.md") as walk:
        walk.until_ready()
        assert_reviewable(walk)
        first = walk.pull().head.sha
        hub_server.person("owner").review(
            walk.pull().number,
            At(walk.path("app.c"), 9, "Please act only when three results in a row agree."),
            At(walk.path("train.py"), walk.line("train.py", "FILTERS ="), "Can it be smaller?"),
            At(walk.path("features.c"), 3, "Why are the grey levels not standardised?"),
            body="Thanks, this works on my desk. Some remarks at the lines.",
            event="REQUEST_CHANGES",
        )
        walk.until_ready(revisions=1)
        assert_checked_again(walk, first)

        changed = names([file.filename for file in walk.revision().files])
        assert {"train.py", "model.tflite", "evidence.json", "README.md"} <= changed
        assert not changed & {"data.py", "features.c", "convert.py", "app.c", "testset.npz"}
        assert walk.live().count("kept from before") == 2, "data and features"
        second = walk.pull().head.sha
        assert "single dense layer" in walk.file("train.py", second)
        assert 95 <= accuracy(walk, second) < accuracy(walk, first)
        assert f"{accuracy(walk, second):g} %" in walk.pull().body, "the evidence is the new one"
        app, train, features = walk.threads()
        assert [t.is_resolved for t in (app, train, features)] == [False, True, False]
        assert "templates take no text" in app.comments[1].body
        assert "Edit `app.c` on this branch" in app.comments[1].body
        assert "The linear network" in train.comments[1].body
        assert f"{accuracy(walk, first):g} → {accuracy(walk, second):g} %" in train.comments[1].body
        assert "A question for a person" in features.comments[1].body
        assert any("What templates can do" in comment for comment in walk.said())
        walk.merge()


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="not installed: bwrap")
def test_fruit_by_a_language_model_acts_as_the_reviewer_wants_it(
    hub_server: HubServer, tmp_path: Path
) -> None:
    csv = "data/fruit-colours.csv"
    hub_server.person("owner").push("main", {csv: (EXAMPLES / csv).read_text()})
    files = template_files(EXAMPLES / "fruit-colours.md")
    with ScriptedServer() as server:

        def answer(asked: Asked) -> str:
            assert asked.schema is not None
            said = reply(files)
            if "What a reviewer asks for" not in asked.user:
                said |= reply({"app.c": ACTS_AT_ONCE})
            elif asked.purpose == "features":
                said |= {"notes": WHY_SHARES}
            return json.dumps({k: v for k, v in said.items() if k in asked.schema["properties"]})

        server.reply("*", answer, times=None)
        model = {
            "BOARDWRIGHT_LLM_BASE_URL": server.base_url,
            "BOARDWRIGHT_SANDBOX": "bubblewrap",
        }
        with walking(hub_server, tmp_path, "fruit-colours.md", **model) as walk:
            walk.until_ready()
            assert_reviewable(walk)
            assert len(server.requests) == 5 and "were asked 5 times" in walk.pull().body
            first = walk.pull().head.sha
            assert decisions(walk, first, tmp_path / "first") == [0, 0, 1, -1, 1, 1]
            line = walk.line("app.c", "const int decided")
            hub_server.person("owner").review(
                walk.pull().number,
                At(walk.path("app.c"), line, "Only act when two results in a row agree."),
                At(walk.path("features.c"), 3, "Why shares, and not the raw counts?"),
                event="REQUEST_CHANGES",
            )
            walk.until_ready(revisions=1)
            assert_checked_again(walk, first)

            second = walk.pull().head.sha
            assert decisions(walk, second, tmp_path / "second") == [-1, 0, -1, -1, -1, 1]
            changed = names([file.filename for file in walk.revision().files])
            assert {"app.c", "evidence.json"} <= changed
            assert not changed & {"data.py", "features.c", "train.py", "convert.py", "model.tflite"}
            assert walk.live().count("kept from before") == 4, "all but the firmware"
            asked = [one.purpose for one in server.requests[5:]]
            assert sorted(asked) == ["features", "firmware"]
            assert "two results in a row" in server.asked("firmware")[-1].user
            app, features = walk.threads()
            assert [t.is_resolved for t in (app, features)] == [True, False]
            assert "Changed `app.c`" in app.comments[1].body
            assert WHY_SHARES in features.comments[1].body
            walk.merge()


def decisions(walk: Walk, sha: str, folder: Path) -> list[int]:
    """Return what `app.c` of a commit decides: twice the first fruit, one result of another, ..."""
    folder.mkdir()
    for name in ("app.c", "app.h", "goal.h"):
        (folder / name).write_text(walk.file(name, sha))
    (folder / "led.c").write_text('#include "app.h"\nvoid bw_board_led(int on) { (void)on; }\n')
    library = folder / "app.so"
    sources = [folder / "app.c", folder / "led.c"]
    subprocess.run(["gcc", "-std=c99", "-shared", "-fPIC", *sources, "-o", library], check=True)
    app = ctypes.CDLL(str(library))
    app.bw_app_reset()
    results = [(100, -128, -128)] * 2 + [(-128, 100, -128), (0, 0, 0)] + [(-128, 100, -128)] * 2
    return [app.bw_app_on_result((ctypes.c_int8 * 3)(*scores)) for scores in results]
