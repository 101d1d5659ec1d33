"""Starting a daemon: at most one of them, tied to nothing of the process that starts it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aicodelint.engine.rendezvous import Rendezvous, is_held, try_lock
from aicodelint.engine.runtime_directory import DaemonUnavailableError

if TYPE_CHECKING:
    import subprocess

# With -c the directory searched first is the working directory, which is the root: a script's own directory would hide the standard library's
# ``select`` behind ours.
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from aicodelint.engine.daemon_process import main; main(sys.argv[2:])"
PACKAGE_PARENT = str(Path(__file__).resolve().parent.parent.parent)
DROPPED_VARIABLES = ("GIT_", "PRE_COMMIT")
REAP_SECONDS = 5.0


def start_daemon(meeting: Rendezvous, bundle: Path, device: str) -> Callable[[], None] | None:
    """Start a daemon for ``bundle`` unless one lives or is being started; raise ``DaemonUnavailableError`` if it cannot be.

    Return None where another is there or on its way, else a function to call before this process ends or forgets about it: the process
    started here forks the daemon and exits at once, and has to be reaped.
    """
    lock = try_lock(meeting.spawn_lock)
    if lock is None:
        return None
    try:
        if is_held(meeting.life_lock):
            return None
        return _reaper(_launch(meeting, bundle, device, lock))
    finally:
        os.close(lock)  # the daemon has a copy, and holds the lock with it until it listens


def _launch(meeting: Rendezvous, bundle: Path, device: str, lock: int) -> subprocess.Popen[bytes]:
    import subprocess

    from aicodelint.engine.daemon_log import open_log

    if not sys.executable:
        raise DaemonUnavailableError("this Python does not know its own executable")
    log = open_log(meeting.key)
    try:
        return subprocess.Popen(
            [sys.executable, "-c", BOOT, PACKAGE_PARENT, str(bundle.absolute()), device, str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={name: value for name, value in os.environ.items() if not name.startswith(DROPPED_VARIABLES)},
            pass_fds=(lock,),
            start_new_session=True,
        )
    except OSError as error:
        raise DaemonUnavailableError(f"cannot start {sys.executable}: {error.strerror}") from None
    finally:
        os.close(log)


def _reaper(process: subprocess.Popen[bytes]) -> Callable[[], None]:
    def reap() -> None:
        import subprocess

        try:
            process.wait(REAP_SECONDS)
        except subprocess.TimeoutExpired:
            process.returncode = 0  # it belongs to the daemon now: do not warn of it

    return reap
