"""Use the emulator: firmware that asks for the host's files and shell by Arm semihosting."""

import subprocess
import sys

from guard import CASE, TARGETS, contained, say

say("start")
canary = TARGETS["canary"]
subprocess.run(
    [
        *("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-Os", "-nostdlib", "-ffreestanding"),
        *("-T", "/in/semihosting.ld", f'-DFILE="{canary}"', f'-DMARK="{TARGETS["mark"]}"'),
        *("/in/semihosting.c", "-o", "/tmp/guest.elf"),
    ],
    check=True,
)
qemu = ["qemu-system-arm", "-machine", "mps2-an385", "-nodefaults", "-display", "none"]
qemu += ["-kernel", "/tmp/guest.elf"]
if CASE == "on":
    qemu += ["-semihosting"]
try:
    done = subprocess.run(qemu, timeout=10, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    sys.stdout.write(said[:2000])
    contained("QEMU", f"ended with code {done.returncode}")
except subprocess.TimeoutExpired:
    contained("QEMU", "still runs")
