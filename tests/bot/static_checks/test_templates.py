"""What the shipped templates write passes every static check."""

from __future__ import annotations

import pytest

from bot.evidence import Stage
from bot.static_checks.sources import check_sources
from bot.workspace import AUTHORED_PATHS
from tests.bot import small_project
from tests.bot.test_authors import CASES


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("stage", Stage)
def test_templates_pass(case: str, stage: Stage) -> None:
    workspace = small_project.context(*CASES[case]()).workspace
    files = workspace.select(*AUTHORED_PATHS[stage])
    assert check_sources(stage, {path: text.decode() for path, text in files.items()}) == ()


def test_findings_of_several_files_are_in_order() -> None:
    found = check_sources(Stage.FEATURES, {"features.h": "int a;", "features.c": "int b;"})
    assert [finding.path for finding in found] == sorted(finding.path for finding in found)
    assert {finding.path for finding in found} == {"features.h", "features.c"}
