"""Fill what can be written: bytes, entries, depth, and one file that claims 1 TiB."""

import os
import signal
import sys
import time

from guard import CASE, contained, escaped, say

MIB = 1 << 20
BLOCK = b"x" * MIB
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def fill(folder: str) -> None:
    """Write files of 16 MiB, 1 GiB in all."""
    written = 0
    for number in range(64):
        with open(f"{folder}/fill{number}", "wb") as file:  # noqa: PTH123
            for _ in range(16):
                file.write(BLOCK)
                file.flush()
                written += 1
        say(f"{folder}: {written} MiB")
    escaped(f"1 GiB in {folder}")


def temporary() -> None:
    """Fill the folders in memory, each to its end, and fail as a program does."""
    for folder in ("/dev", "/dev/shm", "/tmp"):
        try:
            fill(folder)
        except OSError as error:
            contained(folder, error)
            if folder == "/tmp":
                raise


def entries() -> None:
    """Make 60,000 empty files among the results."""
    for number in range(60_000):
        os.close(os.open(f"/out/{number}", os.O_CREAT | os.O_WRONLY))
    escaped("60,000 files in /out")


def deep() -> None:
    """Nest folders so deep that no path leads to the last, and put files there."""
    os.chdir("/out")
    for _ in range(3000):
        os.mkdir("folder-with-a-long-name")  # noqa: PTH102
        os.chdir("folder-with-a-long-name")
    fill(".")


def sparse() -> None:
    """Claim 1 TiB, and end where that was refused."""
    with open("/out/sparse", "wb") as file:  # noqa: PTH123
        try:
            file.truncate(1 << 40)
            escaped("a file of 1 TiB")
        except OSError as error:
            contained("1 TiB", error)
            sys.exit(0)


say("start")
if CASE == "out":
    fill("/out")
else:
    {"temporary": temporary, "entries": entries, "deep": deep, "sparse": sparse}[CASE]()
time.sleep(5)  # what was left is looked at
