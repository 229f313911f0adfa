"""Work: what a job does apart from GitHub, in a process of its own that can be killed at any time.

A job has a folder. What is wanted stands in `request.json` (`job.Wanted`) and `files/`, what came
of it in `outcome.json` (`outcome.Outcome`); both are written whole or not at all.

    python -m bot.work plan FOLDER       understand and plan; trains nothing
    python -m bot.work build FOLDER      make the proposal and render it into `publication/`
    python -m bot.work revise FOLDER     the same, from a review in `revision.json` (`job.Revision`)

Each prints what happens as lines of JSON (`told.Told`), ends with 0 where `outcome.json` was
written, and goes on where it was interrupted when it is started again.
"""
