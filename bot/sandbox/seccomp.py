"""A filter of system calls: a list of those that no program here has any need of.

It is written as the classic BPF program that `bwrap --seccomp FD` reads, so that no binding of
libseccomp is needed. The numbers are of the kernel's interface, which never changes. In a
container, `python -m bot.sandbox.seccomp PROGRAM ...` puts it on top of Docker's own filter, and
only then starts what was asked for.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; include/uapi/linux/seccomp.h,
filter.h and bpf_common.h; the numbers: asm/unistd_64.h (x86-64), asm-generic/unistd.h (AArch64).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

NOT_FOUND = 127
"""The exit code for a program that is not there, as of shells, `env` and `prlimit`."""

_AUDIT_X86_64, _AUDIT_AARCH64 = 0xC000003E, 0xC00000B7
_X32_BIT = 0x40000000  # numbers of the x32 interface, which would pass by the list

# Offsets in struct seccomp_data; each argument is eight bytes, of which the lower four come first.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

_LINE = struct.Struct("=HBBI")

# Source: prctl(2).
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_CLONE_NEWUSER, _TIOCSTI, _TIOCLINUX, _AF_UNIX = 0x10000000, 0x5412, 0x541C, 1

# name: (x86-64, AArch64), None where an architecture does not have the call.
DENIED: dict[str, tuple[int | None, int | None]] = {
    # memory that no process has mapped, which a watch on resident memory does not see
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447)},
    **{"shmget": (29, 194), "msgget": (68, 186)},
    # keys, tracing, other processes' memory and descriptors
    **{"keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218)},
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440)},
    # parts of the kernel where escapes were found
    **{"bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426)},
    **{"io_uring_register": (427, 427), "fanotify_init": (300, 262), "personality": (135, 92)},
    **{"modify_ldt": (154, None), "uselib": (134, None), "lookup_dcookie": (212, 18)},
    # namespaces and mounts
    **{"unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39)},
    **{"pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429)},
    **{"open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431)},
    **{"fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442)},
    **{"open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264)},
    **{"mknod": (133, None), "mknodat": (259, 33)},
    # the machine as a whole
    **{"init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106)},
    **{"kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142)},
    **{"swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116)},
    **{"quotactl": (179, 60), "quotactl_fd": (443, 443), "vhangup": (153, 58)},
    **{"iopl": (172, None), "ioperm": (173, None), "clock_settime": (227, 112)},
    **{"settimeofday": (164, 170), "adjtimex": (159, 171), "clock_adjtime": (305, 266)},
    **{"sethostname": (170, 161), "setdomainname": (171, 162)},
}


@dataclass(frozen=True, slots=True)
class _Calls:
    """What differs between architectures."""

    audit: int
    column: int
    clone: int
    clone3: int
    ioctl: int
    socket: int


_ARCHITECTURES = {
    "x86_64": _Calls(_AUDIT_X86_64, 0, clone=56, clone3=435, ioctl=16, socket=41),
    "aarch64": _Calls(_AUDIT_AARCH64, 1, clone=220, clone3=435, ioctl=29, socket=198),
}


def supported(machine: str = "") -> bool:
    """Say whether there is a filter for an architecture; for this machine's without a name."""
    return (machine or platform.machine()) in _ARCHITECTURES


def program(machine: str = "") -> bytes:
    """Return the filter as an array of `struct sock_filter`.

    Raises:
        KeyError: there is none for this architecture.
    """
    calls = _ARCHITECTURES[machine or platform.machine()]
    denied = [pair[calls.column] for pair in DENIED.values()]
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        *_unless(_JUMP_EQUAL, calls.audit, _KILL),
        _line(_LOAD, _NUMBER),
        *(_answer(_JUMP_AT_LEAST, _X32_BIT, errno.EPERM) if calls.column == 0 else ()),
        *(line for n in denied if n is not None for line in _answer(_JUMP_EQUAL, n, errno.EPERM)),
        # So the C library falls back to clone(), whose flags a filter can see.
        *_answer(_JUMP_EQUAL, calls.clone3, errno.ENOSYS),
        *_when(calls.clone, 0, _answer(_JUMP_ANY_BIT, _CLONE_NEWUSER, errno.EPERM)),
        *_when(calls.ioctl, 1, _answer(_JUMP_EQUAL, _TIOCSTI, errno.EPERM)),
        *_when(calls.ioctl, 1, _answer(_JUMP_EQUAL, _TIOCLINUX, errno.EPERM)),
        *_when(calls.socket, 0, _unless(_JUMP_EQUAL, _AF_UNIX, _ERRNO | errno.EPERM)),
        _line(_RETURN, _ALLOW),
    ]
    return b"".join(lines)


def open_program() -> int:
    """Return an inheritable descriptor from which the filter can be read; closing it is yours."""
    with tempfile.TemporaryFile() as file:
        file.write(program())
        file.seek(0)
        handle = os.dup(file.fileno())
    os.set_inheritable(handle, True)
    return handle


def install() -> None:
    """Put this process, and all that it starts, under the filter for good.

    Raises:
        OSError: the kernel does not take it; the process must not go on then.
    """
    filters = program()
    content = ctypes.create_string_buffer(filters, len(filters))
    described = _Program(len(filters) // _LINE.size, ctypes.addressof(content))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or library.prctl(
        _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return _LINE.pack(code, if_true, if_false, value)


def _answer(jump: int, value: int, error: int) -> tuple[bytes, ...]:
    """Answer with an error where the comparison holds, and go on elsewhere."""
    return _line(jump, value, 0, 1), _line(_RETURN, _ERRNO | error)


def _unless(jump: int, value: int, verdict: int) -> tuple[bytes, ...]:
    """Return a verdict where the comparison does not hold, and go on elsewhere."""
    return _line(jump, value, 1, 0), _line(_RETURN, verdict)


def _when(call: int, argument: int, then: Sequence[bytes]) -> tuple[bytes, ...]:
    """Look at an argument of one call, and at the number of the call again afterwards."""
    body = (_line(_LOAD, _ARGUMENTS + 8 * argument), *then, _line(_LOAD, _NUMBER))
    return _line(_JUMP_EQUAL, call, 0, len(body)), *body


if __name__ == "__main__":
    install()
    try:
        os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606
    except FileNotFoundError as error:
        sys.stderr.write(f"{sys.argv[1]}: {error.strerror}\n")
        sys.exit(NOT_FOUND)
