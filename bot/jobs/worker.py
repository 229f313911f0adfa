"""Worker: the process that runs jobs, until it is asked to end."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from bot.jobs.activities import Activities
from bot.jobs.admission import Admission
from bot.jobs.engine import Engine, EngineSettings, Flows
from bot.jobs.flow import Flow
from bot.jobs.workshop import COMMAND, Workshop

_log = logging.getLogger(__name__)


def make_engine(
    settings: EngineSettings,
    acts: Activities,
    command: Sequence[str] = COMMAND,
    every_s: float = 10.0,
) -> Engine:
    """Return the engine of a worker, with the flows in it.

    Args:
        settings: of the engine.
        acts: what the flows do to GitHub.
        command: does a piece of work; is given its kind and the folder.
        every_s: how often the comment may follow the work.
    """
    workshop = Workshop(acts.folder_of, acts.show_progress, command, every_s)
    admission, flow = Admission(acts), Flow(acts)
    return Engine(settings, Flows(admission.deliver, flow.job, workshop.work))


def run_until_asked(engine: Engine, also: Sequence[Callable[[threading.Event], None]] = ()) -> None:
    """Run jobs until SIGTERM or Ctrl-C; what runs then goes on at the next start.

    Args:
        engine: is started and stopped here.
        also: run in threads of their own beside it, until the event is set.

    Raises:
        Infrastructure: the engine cannot start.
    """
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    engine.start()
    threads = [threading.Thread(target=run, args=(asked,), daemon=True) for run in also]
    for thread in threads:
        thread.start()
    _log.info("working")
    asked.wait()
    _log.info("ending; jobs go on at the next start")
    engine.stop()
