# SPDX-License-Identifier: Apache-2.0
"""Run the held-out samples on a board: pytest test_board.py --board mps2-an386 --report report.json

Needs Boardwright in the environment of pytest: its checkout's `make setup` makes one, .venv.
"""

import hashlib
import json
import tomllib
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def test_board(board_run):
    report = board_run()
    assert report.outcome.value == "pass", f"{report.outcome.value}: {report.reason}"

    truth = np.load(HERE / "testset.npz")["y"]
    scores = np.array(report.scores, dtype=np.int8)
    predictions = scores.argmax(axis=1)
    assert len(predictions) == len(truth)

    host = json.loads((HERE / "evidence.json").read_text())["host"]
    differ = np.flatnonzero(predictions != np.array(host["predictions"]))
    assert not differ.size, f"the board's answers differ from the host's at samples {differ[:10]}"
    digest = hashlib.sha256(scores.tobytes()).hexdigest()
    assert digest == host["scores_sha256"], "the answers are the host's, but not in every byte"

    limits = tomllib.loads((HERE / "goal.toml").read_text()).get("limits", {})
    accuracy = float(np.mean(predictions == truth))
    assert accuracy >= limits.get("accuracy_min", 0.0)

    if report.footprint is not None:
        assert report.footprint.flash_bytes <= limits.get("flash_max_bytes", float("inf"))
        ram = report.footprint.ram_bytes + (report.footprint.stack_bytes or 0)
        assert ram <= limits.get("ram_max_bytes", float("inf"))
    if report.cost is not None and report.cost.unit == "instructions":
        instructions = report.cost.features_max + report.cost.model_max
        assert instructions <= limits.get("instructions_max", float("inf"))
