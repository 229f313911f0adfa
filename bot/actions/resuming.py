"""Resuming: a story as it was told so far, from what is remembered of it."""

from __future__ import annotations

from bot.actions.memory import Memory
from bot.actions.report import pull_number
from bot.jobs.activities import Ground
from bot.jobs.durable import Durable, Json
from bot.jobs.flow import Flow
from bot.jobs.story import Story


async def resumed(durable: Durable, flow: Flow, memory: Memory) -> Json:
    """Run a job on to its end from where it waited; the repository is looked at anew.

    Args:
        durable: the run.
        flow: of the service.
        memory: holds a state for which `goes_on` is true.
    """
    told = memory.told()
    story = Story(
        durable=durable,
        acts=flow.acts,
        start=told.start,
        wanted=told.wanted,
        live=told.live,
        ground=Ground.unseen(),
        person=told.start.person,
        pull=pull_number(told.live),
        project=told.folder,
    )
    return await flow.resume(story)
