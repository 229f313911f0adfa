"""A language model that answers by script, and what a run needs around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.authors.answers import field_name
from bot.authors.facts import describe
from bot.authors.template_author import TemplateAuthor
from bot.evidence import Evidence, Stage
from bot.llm.language_model import Answer, LanguageModelError, Prompt, Usage, Value
from bot.pipeline import DEFAULT_SEED
from bot.plan import make_plan
from bot.request import read_request
from bot.sandbox.job import Job, Origin, Result, Sandbox
from bot.split import split
from bot.understand import Understood, understand

Reply = Mapping[str, Any] | LanguageModelError | Callable[[Prompt], Mapping[str, Any]]
NAME = "scripted-1"


def usage(prompt: Prompt | None = None) -> Usage:
    """Return what a call took: four characters are about a token."""
    size = 0 if prompt is None else (len(prompt.system) + len(prompt.user)) // 4
    return Usage(f"{NAME}-{prompt.tier.value}" if prompt else NAME, 1, size, 0, 100, 0.5, 0.001)


@dataclass
class ScriptedModel:
    """Gives the replies for each purpose in order; the last of them again and again."""

    replies: Mapping[str, Sequence[Reply]]
    prompts: list[Prompt] = field(default_factory=list)

    def ask(self, prompt: Prompt, answer: type[Value]) -> Answer[Value]:
        """Answer by script."""
        earlier = sum(one.purpose == prompt.purpose for one in self.prompts)
        self.prompts.append(prompt)
        listed = self.replies[prompt.purpose]
        reply = listed[min(earlier, len(listed) - 1)]
        if isinstance(reply, LanguageModelError):
            raise reply
        content = reply(prompt) if callable(reply) else reply
        known = {k: v for k, v in content.items() if k in answer.model_fields}
        return Answer(answer.model_validate(known), usage(prompt))


def reply(files: Mapping[str, str | bytes], **changes: str) -> dict[str, str]:
    """Return an answer that holds files; the changes are texts by field."""
    texts = {
        field_name(path): content if isinstance(content, str) else content.decode()
        for path, content in files.items()
        if path.endswith((".py", ".c", ".h"))
    }
    return {**texts, "notes": "as the checks want it", **changes}


def template_replies(files: Mapping[str, bytes]) -> dict[str, list[Reply]]:
    """Return for each stage the answer that the template author would give."""
    return {stage.value: [reply(files)] for stage in Stage}


def template_files(issue: Path) -> dict[str, str]:
    """Return the files that the template author writes for a request, of all stages."""
    understood = understand(read_request(issue), issue.parent)
    assert isinstance(understood, Understood)
    goal = understood.goal
    side = split(understood.records, goal.labels, DEFAULT_SEED).train
    made = make_plan(goal, side, DEFAULT_SEED)
    facts = describe(goal, made, made.sizes[0], side, {})
    author = TemplateAuthor(goal.task)
    return {p: text for s in Stage for p, text in author.write(s, facts).files.items()}


@dataclass
class Trusting:
    """A sandbox for tests: what it is given was written by us, whoever is said to have."""

    real: Sandbox

    def run(self, job: Job) -> Result:
        """Run a job as if a template had written its code."""
        return self.real.run(replace(job, origin=Origin.TEMPLATE))


@dataclass
class Noted:
    """Keeps the lines that a person would read."""

    lines: list[str] = field(default_factory=list)
    finished: list[tuple[Stage, bool]] = field(default_factory=list)

    def stage_started(self, stage: Stage) -> None:
        """Ignore it."""

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        """Keep that it ended."""
        self.finished.append((stage, resumed))

    def advanced(self, what: str, done: int, total: int) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Keep the line."""
        self.lines.append(text)
