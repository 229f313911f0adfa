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
    least = limits.get("accuracy_min", 0.0)
    assert accuracy >= least, f"accuracy {accuracy:.4f} on the board, at least {least:g} asked for"

    measured = {}
    if report.footprint is not None:
        measured["flash_max_bytes"] = report.footprint.flash_bytes
        measured["ram_max_bytes"] = report.footprint.ram_bytes + (report.footprint.stack_bytes or 0)
    if report.cost is not None and report.cost.unit == "instructions":
        measured["instructions_max"] = report.cost.features_max + report.cost.model_max
    over = [
        f"{name}: {value:,} measured, {limits[name]:,} allowed"
        for name, value in measured.items()
        if name in limits and value > limits[name]
    ]
    assert not over, f"limits of goal.toml are missed on {report.board}: {'; '.join(over)}"
