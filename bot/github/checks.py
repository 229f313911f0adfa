"""Check runs, which Apps alone may write.

Source: https://docs.github.com/rest/checks/runs
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.clipping import CHECK_TEXT_MAX_CHARACTERS, clip, same
from bot.github.hub import Annotation, Button, Check
from bot.github.wire import Wire

ANNOTATIONS_MAX = 50
"""Of one request; more are added by further ones."""

_TITLE_MAX_CHARACTERS = 255


class _App(BaseModel):
    slug: str | None = None


class _Output(BaseModel):
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


class _Run(BaseModel):
    id: int
    name: str
    external_id: str | None = None
    status: str
    conclusion: str | None = None
    details_url: str | None = None
    output: _Output = _Output()
    app: _App | None = None


class _Runs(BaseModel):
    check_runs: list[_Run]


class _Remark(BaseModel):
    path: str
    start_line: int
    end_line: int
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """The check runs of a repository; `ours` returns the login under which we write."""

    wire: Wire
    full_name: str
    ours: Callable[[], str]

    def put_check(self, check: Check) -> int:
        """Make or update a check run; see `Hub.put_check`."""
        there = self._find(check)
        missing = self._missing(check, there)
        if there and not missing and _says(there, check):
            return there.id
        portions = [
            missing[start : start + ANNOTATIONS_MAX]
            for start in range(0, max(1, len(missing)), ANNOTATIONS_MAX)
        ]
        number = there.id if there else None
        for portion in portions:
            number = self._write(check, number, portion, last=portion is portions[-1])
        assert number is not None  # noqa: S101  there is one portion at least
        return number

    def _find(self, check: Check) -> _Run | None:
        """Return the newest run of ours with the check's name, head and key."""
        asked = f"list the checks of {check.head_sha[:10]} in {self.full_name}"
        path = f"{self._path()}/commits/{check.head_sha}/check-runs"
        ours = self.ours()
        pages = self.wire.pages(asked, path, _Runs, check_name=check.name, filter="all")
        found = [
            run
            for page in pages
            for run in page.check_runs
            if run.name == check.name
            and run.external_id == check.key
            and (run.app is None or run.app.slug is None or f"{run.app.slug}[bot]" == ours)
        ]
        return max(found, key=lambda run: run.id, default=None)

    def _missing(self, check: Check, there: _Run | None) -> list[Annotation]:
        """Return the annotations that are not there yet."""
        if there is None or not there.output.annotations_count:
            return list(check.annotations)
        asked = f"read the check {check.name} in {self.full_name}"
        path = f"{self._path()}/check-runs/{there.id}/annotations"
        held = {
            (r.path, r.start_line, r.end_line, r.annotation_level, r.title, r.message)
            for r in self.wire.all(asked, path, _Remark)
        }
        return [a for a in check.annotations if tuple(_row(a).values()) not in held]

    def _write(
        self, check: Check, number: int | None, portion: list[Annotation], last: bool
    ) -> int:
        """Make or update the run with some of the annotations; it is concluded by the last."""
        output: dict[str, object] = {
            "title": check.title[:_TITLE_MAX_CHARACTERS],
            "summary": clip(check.summary, CHECK_TEXT_MAX_CHARACTERS),
        }
        if check.text:
            output["text"] = clip(check.text, CHECK_TEXT_MAX_CHARACTERS)
        if portion:
            output["annotations"] = [_row(annotation) for annotation in portion]
        body: dict[str, object] = {"name": check.name, "external_id": check.key, "output": output}
        if check.details_url:
            body["details_url"] = check.details_url
        if check.buttons:
            body["actions"] = [_button(button) for button in check.buttons]
        if check.conclusion and last:
            body |= {"status": "completed", "conclusion": check.conclusion.value}
        else:
            body["status"] = "in_progress"
        asked = f"write the check {check.name} in {self.full_name}"
        if number is None:
            body["head_sha"] = check.head_sha
            return self.wire.send("POST", asked, f"{self._path()}/check-runs", body, _Run).id
        path = f"{self._path()}/check-runs/{number}"
        return self.wire.send("PATCH", asked, path, body, _Run).id

    def _path(self) -> str:
        return f"/repos/{quote(self.full_name)}"


def _button(button: Button) -> dict[str, str]:
    return {
        "label": button.label,
        "description": button.description,
        "identifier": button.identifier,
    }


def _row(annotation: Annotation) -> dict[str, str | int]:
    return {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level.value,
        "title": annotation.title[:_TITLE_MAX_CHARACTERS],
        "message": clip(annotation.message, CHECK_TEXT_MAX_CHARACTERS),
    }


def _says(run: _Run, check: Check) -> bool:
    """Return whether a run reads like the check."""
    conclusion = check.conclusion.value if check.conclusion else None
    output = run.output
    return (
        run.conclusion == conclusion
        and same(output.title or "", check.title[:_TITLE_MAX_CHARACTERS])
        and same(output.summary or "", clip(check.summary, CHECK_TEXT_MAX_CHARACTERS))
        and same(output.text or "", clip(check.text, CHECK_TEXT_MAX_CHARACTERS))
        and (not check.details_url or run.details_url == check.details_url)
    )
