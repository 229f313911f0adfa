"""Use the compiler as the tool of the attack: read the machine's files, take its memory."""

import subprocess
import sys
from pathlib import Path

from guard import CASE, TARGETS, contained, escaped, say

CANARY = TARGETS["canary"]
MACROS = "".join(f"#define M{i + 1} {f'M{i} ' * 10}\n" for i in range(8))
SOURCES = {
    "incbin": f'__asm__(".incbin \\"{CANARY}\\""); int main(void) {{ return 0; }}',
    "include": f'#include "{CANARY}"\nint main(void) {{ return 0; }}',
    "environ": '#include "/proc/1/environ"\nint main(void) { return 0; }',
    "zero": '#include "/dev/zero"\nint main(void) { return 0; }',
    "array": "char x[1500000000] = {1}; int main(void) { return x[5]; }",
    "macros": f'#define M0 "aaaaaaaaaaaaaaaa"\n{MACROS}const char *s = M8;',
}
say("start")
source, made = Path("/tmp/case.c"), Path("/out/case.o")
source.write_text(SOURCES[CASE])
done = subprocess.run(
    ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-c", str(source), "-o", str(made)],
    capture_output=True,
    check=False,
)
said = done.stdout + done.stderr + (made.read_bytes()[: 1 << 20] if made.exists() else b"")
if b"canary-" in said:
    escaped("the compiler read the secret")
if done.returncode == 0 and CASE in ("incbin", "include", "zero"):
    escaped("it compiled")
contained(CASE, f"gcc ended with code {done.returncode}: {done.stderr[-200:]!r}")
sys.exit(min(1, abs(done.returncode)))
