"""Read what belongs to the machine or to whoever runs Boardwright."""

import os
from pathlib import Path

from guard import TARGETS, contained, escaped, say

SECRET = b"canary-" + TARGETS["secret_end"].encode()


def content(path: str) -> bytes:
    """Return the begin of a file."""
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(65536)


say("start")
never = ("/etc/shadow", "/dev/mem", "/dev/kmsg", "/proc/kcore", "/dev/kvm", "/dev/sda", "/dev/vda")
for path in (TARGETS["canary"], f"/proc/1/root{TARGETS['canary']}", TARGETS["checkout"], *never):
    try:
        content(path)
        escaped(path)
    except OSError as error:
        contained(path, error)
processes = [path.name for path in Path("/proc").glob("[0-9]*")]
if len(processes) > 8:
    escaped(f"{len(processes)} processes can be seen")
for process in processes:
    for name in ("environ", "cmdline"):
        try:
            found = SECRET in content(f"/proc/{process}/{name}")
        except OSError as error:
            contained(f"{name} of {process}", error)
        else:
            escaped(f"the secret in {name}") if found else contained(f"{name} of {process}")
if any(SECRET.decode() in value for value in os.environ.values()):
    escaped("the secret in the environment")
setuid = [p for p in Path("/usr/bin").iterdir() if p.is_file() and p.stat().st_mode & 0o6000]
say(f"setuid programs: {len(setuid)}")
if os.getgroups() not in ([], [os.getgid()]):
    escaped(f"groups {os.getgroups()}")
status = Path("/proc/self/status").read_text()
for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
    line = next((line for line in status.splitlines() if line.startswith(name)), f"{name} 0")
    contained(line) if int(line.split()[1], 16) == 0 else escaped(line)
