"""Leave a result under the expected name that is no plain file."""

import os
import socket
from pathlib import Path

from guard import CASE, say

NAME = "/out/model.tflite"
say("start")
if CASE == "link":
    Path(NAME).symlink_to("/etc/hostname")
elif CASE == "hard link":
    Path("/out/other").write_bytes(b"x")
    os.link("/out/other", NAME)
elif CASE == "folder":
    Path(NAME).mkdir()
elif CASE == "pipe":
    try:
        os.mkfifo(NAME)
    except OSError as error:
        say(f"contained: {error}")
elif CASE == "socket":
    socket.socket(socket.AF_UNIX).bind(NAME)
elif CASE == "large":
    with open(NAME, "wb") as large:  # noqa: PTH123
        large.truncate(1 << 20)
elif CASE == "strange":
    Path("/out/\x1b[31m'; echo x;.txt").write_text("x")
    Path("/out").chmod(0)
