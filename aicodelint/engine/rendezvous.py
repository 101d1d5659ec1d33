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
import time
from dataclasses import dataclass

from aicodelint.engine.protocol import PROTOCOL_VERSION
from aicodelint.engine.runtime_directory import DaemonUnavailableError, runtime_directory

SWEEP_TRIES = 10
SWEEP_PAUSE_SECONDS = 0.01


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

    def is_coming(self) -> bool:
        """Say whether a daemon lives here, or one is being started in this directory."""
        return is_held(self.spawn_lock) or is_held(self.life_lock)


def rendezvous(fingerprint: str, device: str, version: str) -> Rendezvous:
    """Return the meeting place for this model, device and version; raise ``DaemonUnavailableError`` if no safe directory can be had."""
    name = "\0".join((str(PROTOCOL_VERSION), version, fingerprint, device))
    return Rendezvous(runtime_directory(), hashlib.sha256(name.encode()).hexdigest()[:16])


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


def _is_same_file(path: str, descriptor: int) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))
