"""Judge authored source before anything of it runs: findings that an author can act on.

These checks explain and save time. They do not protect: whoever wants to hide something from them
can. What protects is the sandbox, in which authored code runs whatever was found here.
"""
