"""Try to reach what listens on this machine, and what any network offers."""

import socket

from guard import TARGETS, contained, escaped, say

say("start")
port = int(TARGETS["port"])
for name, host, at in (
    ("the host's loopback", "127.0.0.1", port),
    ("the host's address", TARGETS["address"], port),
    ("Docker's bridge", "172.17.0.1", port),
    ("the metadata address", "169.254.169.254", 80),
):
    try:
        socket.create_connection((host, at), 3).close()
        escaped(name)
    except OSError as error:
        contained(name, error)
try:
    socket.getaddrinfo("example.com", 443)
    escaped("name resolution")
except OSError as error:
    contained("name resolution", error)
paths = ("/var/run/docker.sock", "/run/containerd/containerd.sock", TARGETS["socket"])
for path in (f"\0{TARGETS['abstract']}", *paths):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(3)
            client.connect(path)
        escaped(f"socket {path!r}")
    except OSError as error:
        contained(f"socket {path!r}", error)
for family in (socket.AF_PACKET, socket.AF_NETLINK):
    try:
        socket.socket(family, socket.SOCK_RAW).close()
        if family == socket.AF_PACKET:
            escaped("a raw socket")
    except OSError as error:
        contained(family, error)
