"""A compiled model that does not answer on this machine: no pass, and nobody's fault."""

from __future__ import annotations

import numpy as np

from bot.evidence import Outcome
from bot.sandbox.job import Job, Reason, Result
from bot.stages import arrays, convert
from tests.bot import small_project


class Speechless(small_project.RehearsedSandbox):
    """A sandbox in which compiled models do not run."""

    def run(self, job: Job) -> Result:
        """Run a job."""
        if job.argv[-1].endswith("run_compiled"):
            return Result(Reason.FAILED, 1, "no processor for it", False, 0.0, {})
        return super().run(job)


def test_c_that_does_not_answer_is_no_pass_and_nobody_s_fault() -> None:
    features = np.random.default_rng(4).normal(size=(40, 4)).astype(np.float32)
    fitted = small_project.Centroids.fitted(features, np.arange(40) % 3)
    made = {
        "features.npz": arrays.dump(train=features[:30], test=features[30:]),
        "reference.tflite": fitted.tflite(features[:30]),
        "model.keras": arrays.dump(weights=fitted.weights, bias=fitted.bias, shape=np.array([4])),
    }
    context = small_project.context()
    result = convert.run(small_project.replaced(context, made=made, sandbox=Speechless()))
    found = next(e for e in result.evidence if e.check == "convert.answers")
    assert found.outcome is Outcome.INFRASTRUCTURE
    assert "no processor for it" in found.detail
    assert [e for e in result.evidence if e.outcome is Outcome.FAIL] == []
    assert result.made == {}
