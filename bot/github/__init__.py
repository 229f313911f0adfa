"""GitHub as the service needs it: one repository at a time, behind a protocol.

`hub.py` holds the protocol and its values, `client.py` is the only module that imports PyGithub,
`fake.py` keeps a repository in memory. Whatever makes something is create-or-find by a key, as each
call may be made again after a crash.
"""
