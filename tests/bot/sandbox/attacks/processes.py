"""Start processes until they are refused: 600 that sleep, or a bomb of at most 512 for 20 s."""

import os
import time

from guard import CASE, contained, escaped, say


def sleepers() -> None:
    """Fork until an error, and stay."""
    children = 0
    try:
        while children < 600:
            if os.fork() == 0:
                time.sleep(20)
                os._exit(0)
            children += 1
        escaped(f"{children} processes")
    except OSError as error:
        contained(f"{children} processes", error)
    time.sleep(20)


def bomb() -> None:
    """Let every process fork again and again."""
    end, generation = time.time() + 20, 0
    while generation < 9 and time.time() < end:
        try:
            os.fork()
            generation += 1
        except OSError:
            time.sleep(0.01)
    while time.time() < end:
        time.sleep(0.1)


say("start")
{"sleepers": sleepers, "bomb": bomb}[CASE]()
