"""The daemon's log: when it started, why it ended, what went wrong in between. Never a line of the sources it judges.

Its standard streams go to the same file, so that what the interpreter or a library says while it dies is kept as well.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

DIRECTORY_VARIABLE = "AICODELINT_STATE_DIR"
MAX_LOG_BYTES = 1 << 20
MAX_LINES_OF_ONE_DAEMON = 2000
KEEP_SECONDS = 30 * 86400
MAX_CRASH_CHARACTERS = 4000
STARTED = "started"
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LastDaemon:
    """What the log says of the daemon that ran last: whether it ended in order, and its last lines if it did not."""

    ended: bool
    text: str


def log_path(key: str) -> Path:
    """Return where the daemon ``key`` writes its log: in ``AICODELINT_STATE_DIR`` if that is set, else in the user's state directory."""
    override = os.environ.get(DIRECTORY_VARIABLE)
    if override:
        return Path(override) / f"daemon-{key}.log"
    from platformdirs import user_state_dir

    return Path(user_state_dir("aicodelint", appauthor=False)) / f"daemon-{key}.log"


def open_log(key: str) -> int:
    """Return a descriptor to append to the log of daemon ``key``; old logs are removed, a long one starts anew. ``/dev/null`` if it cannot be."""
    path = log_path(key)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_old(path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        if os.fstat(descriptor).st_size > MAX_LOG_BYTES:
            os.ftruncate(descriptor, 0)
        return descriptor
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


class DaemonLog:
    """Writes lines of time, pid and text to standard error, which is the log file; what cannot be written is lost."""

    def __init__(self) -> None:
        self._lines = 0

    def __call__(self, text: str) -> None:
        """Write one line; after many of them only how the daemon ended."""
        self._lines += 1
        if self._lines > MAX_LINES_OF_ONE_DAEMON and not text.startswith(ENDED):
            return
        with contextlib.suppress(OSError, ValueError):
            print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{os.getpid()}] {text}", file=sys.stderr, flush=True)

    def fault(self, what: str, error: BaseException) -> None:
        """Write an exception's type and where it came from. Not its message: it may quote the text it is about."""
        frames = traceback.extract_tb(error.__traceback__)
        where = "\n".join(f"    {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
        self(f"error: {what}: {type(error).__name__}\n{where}")


def last_daemon(key: str, *, is_running: bool = False) -> LastDaemon | None:
    """Return what the log says of the last daemon ``key`` (if one is running: of that before it), or None if it says nothing."""
    try:
        with log_path(key).open("rb") as file:
            text = file.read(2 * MAX_LOG_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if f"] {STARTED}" in line]
    if is_running:
        lines, starts = lines[: starts[-1]] if starts else [], starts[:-1]
    last = lines[starts[-1] if starts else 0 :]
    if not last:
        return None
    return LastDaemon(any(f"] {ENDED}" in line for line in last), "\n".join(last)[-MAX_CRASH_CHARACTERS:])


def crashed_lately(key: str, seconds: float) -> bool:
    """Say whether the last daemon ``key`` ended in an error within the last ``seconds``: the next one would do the same."""
    try:
        age = time.time() - log_path(key).stat().st_mtime
    except OSError:
        return False
    last = last_daemon(key) if 0 <= age < seconds else None
    return last is not None and not last.ended and "error: " in last.text


def _remove_old(directory: Path) -> None:
    now = time.time()
    for path in directory.glob("daemon-*.log"):
        with contextlib.suppress(OSError):
            if now - path.stat().st_mtime > KEEP_SECONDS:
                path.unlink()
