"""Where a daemon and its clients meet: a directory of one's own, a socket named after what the daemon serves, and two locks.

The *life lock* is held by a daemon from before it binds its socket until after it has removed it, so whoever holds it owns the socket's
name: a stale socket is removed under it, and a dying daemon cannot remove its successor's. The *spawn lock* is held from before a daemon
is started until it listens (the file descriptor is handed down to it), so however many clients come at once, one daemon starts.
The kernel drops both when their holder dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import stat
import struct
import sys
import time
from dataclasses import dataclass

from aicodelint.engine.protocol import PROTOCOL_VERSION

MAX_SOCKET_PATH_BYTES = 100
LOCAL_PEERCRED = 1
SWEEP_TRIES = 10
SWEEP_PAUSE_SECONDS = 0.01
XUCRED = struct.Struct("=II")


class DaemonUnavailableError(Exception):
    """No daemon can be used here and now; the text says why. Never a reason for a scan to fail."""


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """The paths one daemon owns: its socket, its life lock (which holds its pid) and the spawn lock."""

    directory: str
    key: str

    @property
    def socket_path(self) -> str:
        """The Unix socket the daemon listens on."""
        return f"{self.directory}/{self.key}.sock"

    @property
    def life_lock(self) -> str:
        """The file a living daemon holds a lock on."""
        return f"{self.directory}/{self.key}.lock"

    @property
    def spawn_lock(self) -> str:
        """The file that is locked while a daemon starts."""
        return f"{self.directory}/spawn.lock"


def rendezvous(fingerprint: str, device: str, version: str) -> Rendezvous:
    """Return the meeting place for this model, device and version; raise ``DaemonUnavailableError`` if no safe directory can be had."""
    name = "\0".join((str(PROTOCOL_VERSION), version, fingerprint, device))
    return Rendezvous(runtime_directory(), hashlib.sha256(name.encode()).hexdigest()[:16])


def runtime_directory() -> str:
    """Return the directory for sockets, made if need be; raise ``DaemonUnavailableError`` if it is not safely one's own."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if base.startswith("/") and _fits(f"{base}/aicodelint") and _is_own(base):  # under sudo it may be another's
        return _own_directory(f"{base}/aicodelint")
    name = f"aicodelint-{os.getuid()}"
    temporary = os.environ.get("TMPDIR", "").rstrip("/")
    if temporary.startswith("/") and _fits(f"{temporary}/{name}"):
        return _own_directory(f"{temporary}/{name}")
    return _own_directory(f"/tmp/{name}")


def existing_keys(directory: str) -> list[str]:
    """Return the keys of the daemons that live, or died, in ``directory``."""
    return sorted(name[: -len(".lock")] for name in os.listdir(directory) if name.endswith(".lock") and name != "spawn.lock")  # noqa: PTH208


def try_lock(path: str) -> int | None:
    """Return a descriptor that holds the lock on ``path``, or None if another holds it; raise ``DaemonUnavailableError`` if it cannot be had."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DaemonUnavailableError(f"cannot open {path}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            raise DaemonUnavailableError(f"cannot lock {path}: {error.strerror}") from None
        if _is_same_file(path, descriptor):
            return descriptor
        os.close(descriptor)  # its holder removed it between our open and our lock


def is_held(path: str) -> bool:
    """Say whether anyone holds the lock on ``path``."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def sweep(meeting: Rendezvous) -> None:
    """Remove the socket and the lock of a daemon that died without doing so; leave a living one's alone."""
    for _ in range(SWEEP_TRIES):
        try:
            lock = try_lock(meeting.life_lock) if os.path.lexists(meeting.socket_path) else None
        except DaemonUnavailableError:
            return
        if lock is not None:
            for path in (meeting.socket_path, meeting.life_lock):
                with contextlib.suppress(OSError):
                    os.unlink(path)  # noqa: PTH108
            os.close(lock)
        if not os.path.lexists(meeting.socket_path):
            return
        time.sleep(SWEEP_PAUSE_SECONDS)  # it lives, or the kernel is still burying it


def peer_uid(connection: socket.socket) -> int | None:
    """Return the user id of the process on the other end, or None where the system does not tell."""
    if sys.platform == "linux":
        _, uid, _ = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return int(uid)
    if sys.platform == "darwin":
        _, uid = XUCRED.unpack_from(connection.getsockopt(0, LOCAL_PEERCRED, 76))
        return int(uid)
    return None


def is_foreign(connection: socket.socket) -> bool:
    """Say whether the other end is known to belong to another user."""
    return peer_uid(connection) not in (None, os.getuid())


def _own_directory(path: str) -> str:
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)  # noqa: PTH102
        found = os.lstat(path)
    except OSError as error:
        raise DaemonUnavailableError(f"cannot make {path}: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode):
        raise DaemonUnavailableError(f"{path} is not a directory")
    if found.st_uid != os.getuid():
        raise DaemonUnavailableError(f"{path} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise DaemonUnavailableError(f"{path} is open to other users")
    return path


def _is_own(path: str) -> bool:
    try:
        return os.stat(path).st_uid == os.getuid()  # noqa: PTH116
    except OSError:
        return False


def _fits(directory: str) -> bool:
    return len(os.fsencode(directory)) + len("/0123456789abcdef.sock") <= MAX_SOCKET_PATH_BYTES


def _is_same_file(path: str, descriptor: int) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))
