"""Print as much as there is time for: 8 s or 512 MiB at most."""

import sys
import time

from guard import escaped, say

say("start")
begin, written = time.time(), 0
while time.time() - begin < 8 and written < 512 << 20:
    sys.stdout.write("A" * 65535 + "\n")
    written += 65536
escaped(f"{written} bytes of log")
