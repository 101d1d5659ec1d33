"""The child of the fork server: it takes the place of the client that handed itself over, and runs the command line. See ``protocol``.

Everything that an interpreter settles when it starts and that may differ between client and server without their identities differing is
settled anew here: environment, locale, time zone, standard streams, ignored signals. What the kernel knows of the client is read from the
kernel (``/proc``), not believed: rights have to be the same, the namespaces of files and users too, limits are taken over.
"""

from __future__ import annotations

import contextlib
import gc
import io
import locale
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from functools import cache
from typing import BinaryIO, NoReturn, cast

from aicodelint.warm.protocol import BEGIN, BYTES_OF_AN_INTEGER, ENDED, GO, HELLO, MAX_HAND_OVER_BYTES, STREAMS, identity, unpack
from aicodelint.warm.rehearsal import rehearse

UNFIT = 70
TALK_SECONDS = 5.0
SAME_RIGHTS = ("Uid", "Gid", "Groups", "SigBlk", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
SAME_NAMESPACES = ("mnt", "user", "pid", "net")
LIMITS = tuple(value for name, value in sorted(vars(resource).items()) if name.startswith("RLIMIT_"))
SIGNALS = tuple(number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP))
UNCAUGHT = 1


class UnfitError(Exception):
    """This child cannot stand in for that client, which then goes on by itself."""


def wait(orders: socket.socket, bundle: str) -> NoReturn:
    """Rehearse with a model, then wait for a client and take its place; end when nobody can send one any more."""
    _own_rights()
    rehearse(bundle)
    _, descriptors, _, _ = socket.recv_fds(orders, len(HELLO), 1)
    orders.close()
    if not descriptors:
        os._exit(0)
    run(socket.socket(fileno=descriptors[0]))


def run(connection: socket.socket) -> NoReturn:
    """Take the place of the client on ``connection``."""
    try:
        _begin(connection)
    except (UnfitError, OSError, ValueError):
        os._exit(UNFIT)
    code = _main() & 0xFF
    with contextlib.suppress(OSError):
        connection.send(ENDED + bytes([code]))
    os._exit(code)


def _begin(connection: socket.socket) -> None:
    """Become like the client, and return once it has said that it waits; raise if it does not come to that."""
    connection.settimeout(TALK_SECONDS)
    talk, theirs = socket.socketpair()
    with talk:
        with theirs:
            socket.send_fds(connection, [HELLO], [theirs.fileno()])
        talk.settimeout(TALK_SECONDS)
        descriptors, (settled, described, arguments, environment) = _receive(talk)
        if settled != identity():
            raise UnfitError("another kind of interpreter")
        _become(_peer(connection), environment)
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _open_streams(described.decode())
        sys.argv[:] = [os.fsdecode(argument) for argument in arguments.split(b"\0")]
        connection.sendall(BEGIN)
        if talk.recv(1) != GO:
            raise UnfitError("the client went on by itself")
    gc.enable()


def _receive(talk: socket.socket) -> tuple[list[int], list[bytes]]:
    """Return the client's standard streams and the parts of its hand-over."""
    _, descriptors, _, _ = socket.recv_fds(talk, len(HELLO), STREAMS, socket.MSG_CMSG_CLOEXEC)
    length = int.from_bytes(_exactly(talk, BYTES_OF_AN_INTEGER), "big")
    if length > MAX_HAND_OVER_BYTES or len(descriptors) != STREAMS:
        raise UnfitError("no hand-over")
    return descriptors, unpack(_exactly(talk, length))


def _exactly(talk: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = talk.recv(min(length - len(data), 1 << 20))
        if not part:
            raise UnfitError("the client went away")
        data += part
    return bytes(data)


def _peer(connection: socket.socket) -> int:
    """Return the client's pid, 0 where it cannot be seen from here."""
    if sys.platform != "linux":
        return 0
    return int.from_bytes(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4), sys.byteorder)


def _become(client: int, environment: bytes) -> None:
    status = _status(client)
    if _rights(client, status) != _own_rights():
        raise UnfitError("other rights, or other files")
    _take_limits(client)
    _take_signals(int(status["SigIgn"], 16))
    os.umask(int(status["Umask"], 8))
    os.chdir(f"/proc/{client}/cwd")
    os.environ.clear()
    for variable in environment.split(b"\0") if environment else ():
        name, _, value = variable.partition(b"=")
        os.environb[name] = value
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        locale.setlocale(locale.LC_CTYPE, "C")
    time.tzset()
    tempfile.tempdir = None


@cache
def _own_rights() -> tuple[object, ...]:
    pid = os.getpid()
    return _rights(pid, _status(pid))


def _rights(pid: int, status: dict[str, str]) -> tuple[object, ...]:
    """Return what a process may do, and which files it sees."""
    root = os.stat(f"/proc/{pid}/root")  # noqa: PTH116
    namespaces = [os.readlink(f"/proc/{pid}/ns/{name}") for name in SAME_NAMESPACES]  # noqa: PTH115
    return (root.st_dev, root.st_ino, *namespaces, *(status[field] for field in SAME_RIGHTS))


def _status(pid: int) -> dict[str, str]:
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        pairs = (line.partition(":") for line in file)
        return {name: value.strip() for name, _, value in pairs}


def _take_limits(client: int) -> None:
    """Take over what the client may use; ``ValueError`` or ``OSError`` where that would be more than we may."""
    for limit in LIMITS:
        theirs = resource.prlimit(client, limit)
        if theirs != resource.getrlimit(limit):
            resource.setrlimit(limit, theirs)
    cores = os.sched_getaffinity(client)
    if cores != os.sched_getaffinity(0):
        os.sched_setaffinity(0, cores)
    niceness = os.getpriority(os.PRIO_PROCESS, client)
    if niceness != os.getpriority(os.PRIO_PROCESS, 0):
        os.setpriority(os.PRIO_PROCESS, 0, niceness)


def _take_signals(ignored: int) -> None:
    for number in SIGNALS:
        if ignored >> (number - 1) & 1:
            signal.signal(number, signal.SIG_IGN)
        elif number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
        elif signal.getsignal(number) is not signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)


def _open_streams(described: str) -> None:
    """Open the standard streams as an interpreter does that starts on the descriptors 0, 1 and 2, encoding as the client's do."""
    opened = []
    for number, (name, line) in enumerate(zip(("stdin", "stdout", "stderr"), described.split("\n"), strict=True)):
        encoding, errors, line_buffering, write_through = line.split(" ")
        mode = "w" if number else "r"
        raw = io.FileIO(number, mode, closefd=False)
        raw.name = f"<{name}>"
        stream = io.TextIOWrapper(_buffered(raw, write_through == "1"), encoding, errors, "\n", line_buffering == "1", write_through == "1")
        stream.mode = mode  # type: ignore[misc]
        opened.append(stream)
    sys.stdin, sys.stdout, sys.stderr = opened
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = opened  # type: ignore[misc]


def _buffered(raw: io.FileIO, write_through: bool) -> BinaryIO:
    if raw.readable():
        return io.BufferedReader(raw)
    return cast(BinaryIO, raw) if write_through else io.BufferedWriter(raw)


def _main() -> int:
    """Run the command line and return the exit code that the interpreter would end with."""
    from aicodelint.cli.main import main

    code = UNCAUGHT
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else UNCAUGHT if end.code else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stderr, sys.stdout):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code
