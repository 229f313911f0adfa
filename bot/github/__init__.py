"""GitHub as the service needs it: one repository at a time, behind a protocol.

`hub.py` holds the protocol and its values, `client.py` speaks to GitHub, `fake.py` keeps
repositories in memory, `forge.py` publishes what was built. Whatever makes something is
create-or-find by a key, as each call may be made again after a crash.

PyGithub is imported by `wire.py` alone: it signs in, keeps the distance between writes and sends;
what comes back is read here, so that nothing is asked silently twice.
"""
