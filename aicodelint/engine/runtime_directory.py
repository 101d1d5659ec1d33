"""Where the processes of one user meet, who is at the other end of a socket, and whether the environment permits a daemon at all.

Light: a scan imports this before anything else, so it stands on built-in modules alone (``socket`` would cost what the scan saves).
"""

from __future__ import annotations

import _socket
import os
import stat
import sys

MAX_SOCKET_PATH_BYTES = 100
LOCAL_PEERCRED = 1
OFF_VARIABLE = "AICODELINT_NO_DAEMON"
CI_VARIABLE = "CI"


class DaemonUnavailableError(Exception):
    """No daemon can be used here and now; the text says why. Never a reason for a scan to fail."""


def daemon_by_default() -> bool:
    """Say whether the environment lets a scan use the daemon unasked: not in CI, and not where it is turned off."""
    return not _is_set(OFF_VARIABLE) and not _is_set(CI_VARIABLE)


def runtime_directory(*, make: bool = True) -> str:
    """Return the directory for sockets; raise ``DaemonUnavailableError`` if it is not safely one's own. ``make`` makes one that is missing."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if base.startswith("/") and _fits(f"{base}/aicodelint") and _is_own(base):  # under sudo it may be another's
        return _own_directory(f"{base}/aicodelint", make)
    name = f"aicodelint-{os.getuid()}"
    temporary = os.environ.get("TMPDIR", "").rstrip("/")
    if temporary.startswith("/") and _fits(f"{temporary}/{name}"):
        return _own_directory(f"{temporary}/{name}", make)
    return _own_directory(f"/tmp/{name}", make)


def peer_uid(connection: _socket.socket) -> int | None:
    """Return the user id of the process on the other end, or None where the system does not tell."""
    if sys.platform == "linux":
        return _integer(connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)[4:8])  # pid, uid, gid
    if sys.platform == "darwin":
        return _integer(connection.getsockopt(0, LOCAL_PEERCRED, 76)[4:8])  # version, uid, ...
    return None


def is_foreign(connection: _socket.socket) -> bool:
    """Say whether the other end is known to belong to another user."""
    return peer_uid(connection) not in (None, os.getuid())


def _integer(data: bytes) -> int:
    return int.from_bytes(data, sys.byteorder)


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() not in ("", "0", "false", "no")


def _own_directory(path: str, make: bool) -> str:
    try:
        if make:
            try:  # noqa: SIM105 (contextlib is not light)
                os.mkdir(path, 0o700)  # noqa: PTH102
            except FileExistsError:
                pass
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
