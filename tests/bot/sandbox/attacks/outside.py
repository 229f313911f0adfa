"""Make files where none belongs, and open the kernel's settings; nothing is written to those."""

import os
from pathlib import Path

from guard import contained, escaped, say

say("start")
FOLDERS = (
    *("/", "/etc", "/usr", "/usr/lib", "/in", "/var", "/var/tmp", "/root", "/home", "/opt"),
    *("/opt/boardwright/bot", "/bin", "/run", "/dev", "/mnt", str(Path(os.__file__).parent)),
)
for folder in FOLDERS:
    try:
        os.close(os.open(f"{folder}/probe.pth", os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        escaped(folder)
    except OSError as error:
        contained(folder, error)
SETTINGS = (
    *("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger"),
    *("/sys/kernel/mm/transparent_hugepage/enabled", "/in/outside.py"),
)
for path in SETTINGS:
    try:
        os.close(os.open(path, os.O_WRONLY))
        escaped(path)
    except OSError as error:
        contained(path, error)
