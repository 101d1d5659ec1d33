"""A scan that hands itself over to the fork server. Light: see ``protocol``.

Whatever goes wrong before the child has begun is no fault: the scan goes on in this process, the ordinary way. Afterwards it cannot be done
over, since the child may have read stdin or written half a report: a child that dies of a signal is an error, one line and exit code 2.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _socket
import os
import sys
import time

from aicodelint.engine.runtime_directory import DaemonUnavailableError, daemon_by_default, is_foreign, runtime_directory
from aicodelint.warm.protocol import (
    BEGIN,
    BYTES_OF_AN_INTEGER,
    ENDED,
    GO,
    HELLO,
    KILLED,
    START_SECONDS,
    STREAMS,
    identity,
    pack,
    socket_path,
    stream_description,
)

FAILED = 2
SIGNAL_BASE = 128
LOOK_SECONDS = 1.0
GRACE_SECONDS = 5.0
OF_THIS_PROCESS = ("/dev/", "/proc/")
ENGINES = ("auto", "daemon")


def scan_warm(arguments: list[str]) -> int | None:
    """Run the command line ``arguments`` (with its name, as ``sys.argv``) in a child of the fork server and return its exit code.

    None means that nothing has been done: no server is there, or this is nothing for it.
    """
    streams = stream_description()
    if streams is None or not _is_permitted() or not _is_warm_scan(arguments):
        return None
    ours = identity()
    try:
        connection = _connect(socket_path(runtime_directory(make=False), ours))
    except (DaemonUnavailableError, OSError):
        return None
    environment = b"\0".join(name + b"=" + value for name, value in os.environb.items())
    hand_over = pack((ours, streams, b"\0".join(map(os.fsencode, arguments)), environment))
    with _Signals(connection) as signals:
        try:
            begun = _hand_over(connection, hand_over)
        except OSError:
            begun = False
        if begun:
            return _wait(connection, signals)
        connection.close()
        return SIGNAL_BASE + signals.last if signals.last else None


def _is_permitted() -> bool:
    own = os.getuid() == os.geteuid() and os.getgid() == os.getegid()
    relative = any(not path.startswith("/") for path in (os.environ.get("PYTHONPATH") or "/").split(":"))
    traced = sys.gettrace() is not None or sys.getprofile() is not None
    return own and not relative and not traced and daemon_by_default()


def _is_warm_scan(arguments: list[str]) -> bool:
    """Say whether this is a scan that may use the daemon and names nothing that only this process has, such as ``<(…)``.

    Where it is in doubt (an option's value that looks like an option) it is none.
    """
    if arguments[1:2] != ["scan"] or "--no-daemon" in arguments:
        return False
    for word, following in zip(arguments[2:], [*arguments[3:], ""], strict=False):
        value = word.partition("=")[2]
        engine = following if word == "--engine" else value if word.startswith("--engine=") else "auto"
        if engine not in ENGINES or any(part.startswith(OF_THIS_PROCESS) for part in (word, word[2:], value)):
            return False
    return True


def _connect(path: str) -> _socket.socket:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(START_SECONDS)
        connection.connect(path)
        if is_foreign(connection):
            raise DaemonUnavailableError(f"{path} is served by another user")
    except BaseException:
        connection.close()
        raise
    return connection


def _hand_over(connection: _socket.socket, hand_over: bytes) -> bool:
    """Give the child all it needs; return whether the scan is its own now."""
    greeting, messages, _, _ = connection.recvmsg(1, _socket.CMSG_SPACE(BYTES_OF_AN_INTEGER), _socket.MSG_CMSG_CLOEXEC)
    descriptors = [data for level, kind, data in messages if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS)]
    if not descriptors:
        return False
    talk = _socket.socket(fileno=int.from_bytes(descriptors[0][:BYTES_OF_AN_INTEGER], sys.byteorder))
    try:
        talk.settimeout(START_SECONDS)
        if greeting != HELLO:
            return False
        streams = b"".join(number.to_bytes(BYTES_OF_AN_INTEGER, sys.byteorder) for number in range(STREAMS))
        talk.sendmsg([HELLO], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
        talk.sendall(hand_over)
        if connection.recv(1) != BEGIN:
            return False
        talk.sendall(GO)
        return True
    finally:
        talk.close()


def _wait(connection: _socket.socket, signals: _Signals) -> int:
    connection.settimeout(LOOK_SECONDS)
    answer = b""
    while len(answer) < 2:
        try:
            received = connection.recv(2 - len(answer))
        except TimeoutError:
            if signals.last and time.monotonic() > signals.since + GRACE_SECONDS:
                return SIGNAL_BASE + signals.last
            continue
        except OSError:
            received = b""
        if not received:
            break
        answer += received
    if answer[:1] == ENDED and len(answer) == 2:
        return answer[1]
    if signals.last:
        return SIGNAL_BASE + signals.last
    why = f"was killed by signal {answer[1]}" if answer[:1] == KILLED and len(answer) == 2 else "went away"
    sys.stderr.write(f"error: the process that scanned {why}\n")
    sys.stderr.flush()
    return FAILED


class _Signals:
    """Passes SIGINT and SIGTERM on to the child, and remembers that it did. The child, like any scan, decides the exit code."""

    def __init__(self, connection: _socket.socket) -> None:
        self.last = 0
        self.since = 0.0
        self._connection = connection
        self._before: list[tuple[int, object]] = []

    def __enter__(self) -> _Signals:
        for number in (_signal.SIGINT, _signal.SIGTERM):
            before = _signal.getsignal(number)
            if number == _signal.SIGTERM or before is not _signal.SIG_IGN:
                self._before.append((number, before))
                _signal.signal(number, self._pass_on)
        return self

    def __exit__(self, *error: object) -> None:
        for number, before in self._before:
            _signal.signal(number, before)

    def _pass_on(self, number: int, frame: object) -> None:
        if not self.last:
            self.since = time.monotonic()
        self.last = number
        try:
            self._connection.send(bytes([number]))
        except OSError:
            return
