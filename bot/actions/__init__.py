"""Actions mode: the service's flows for those who run no server, one workflow run for each event.

    context.py      what a workflow run was started for, from its environment
    happened.py     the event that it was started for
    acting.py       from the event to what came of it
    one_run.py      the run: recall, deliver, work, remember, until a person is waited for
    resuming.py     a job, from where it waited
    engine.py       the engine in memory under the flows, on the real clock
    state.py        what is kept between two runs, hidden in the live comment
    memory.py       from that comment to a job's folder and back
    listening.py    comments that came meanwhile
    report.py       what the run tells: log, summary, outputs, exit code

and beside them, for the workflow of a bench:

    asking.py       what GitHub is asked by `gh`, and how a plan ends that comes to nothing
    built.py        the run that built firmware, its pull request, its artifact
    approval.py     whether a person agreed to this very commit
    planning.py     from an event to what is measured where, or why nothing is
    measured_run.py what the bench left, judged and told

GitHub is the only memory. What is hidden in a comment counts only where the bot wrote it.
"""
