"""Jobs: from a stored delivery to a reviewed pull request, through crashes and long waits.

    web process    client.py     stores a delivery before it is acknowledged, by group_commit.py
    between        deliveries.py the table in which it then lies
    worker         carrier.py    takes it from there into the engine
                   admission.py  one short flow a delivery: who asks, may they, which job is it for
                   flow.py       one long flow a request: plan, build, publish, review, revise
                   activities.py what these flows do to GitHub, once however often it is tried
                   workshop.py   runs `bot.work` in processes that end with the worker
    below          engine.py      on SQLite or PostgreSQL;  memory.py in tests

A flow is deterministic: it may be run again from its beginning at any time, and then all that it
did before is answered from what was recorded. So all that it asks of the world goes through
`durable.Durable`, and what it does to the world finds what an earlier try did.
"""
