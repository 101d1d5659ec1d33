"""The daemon's care for its fork server: one lives while the daemon does."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aicodelint.engine.rendezvous import is_held
from aicodelint.engine.runtime_directory import DaemonUnavailableError, runtime_directory
from aicodelint.engine.spawn import PACKAGE_PARENT
from aicodelint.warm.protocol import identity, lock_path, socket_path

if TYPE_CHECKING:
    import subprocess

# The package's parent may hold other packages (site-packages does): they are not to come before the standard library.
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); import aicodelint; del sys.path[0]; from aicodelint.warm.server import main; main(sys.argv[2:])"
QUICK_SECONDS = 30.0
MAX_QUICK_ENDS = 5


class ForkServerKeeper:
    """Starts a fork server, and another when it ends (because the package changed, say), but not for ever one that ends at once.

    ``touch`` is called when a scan was forked: that is use of the daemon too, even if the cache knows all verdicts. Not for other threads.
    """

    def __init__(self, bundle: Path, touch: Callable[[], None], log: Callable[[str], None]) -> None:
        self._bundle = str(bundle.absolute())
        self._touch = touch
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._life: socket.socket | None = None
        self._since = 0.0
        self._quick_ends = 0
        self._closed = sys.platform != "linux" or not sys.executable

    def tend(self) -> None:
        """See to it that a server runs, and note whether it was used. Takes no time to speak of; to be called every second or so."""
        if self._closed:
            return
        if self._life is not None:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                if self._life.recv(1 << 16):
                    self._touch()
        if (self._process is None or self._process.poll() is not None) and not self._is_taken():
            self._start()

    def close(self) -> None:
        """Let the server know that it is to leave."""
        self._closed = True
        if self._life is not None:
            self._life.close()
            self._life = None

    def _is_taken(self) -> bool:
        """Say whether a server of this kind lives: that of another model's daemon, or one whose last child is not done."""
        try:
            return is_held(lock_path(socket_path(runtime_directory(make=False), identity())))
        except DaemonUnavailableError:
            return True

    def _start(self) -> None:
        import subprocess

        now = time.monotonic()
        self._quick_ends = self._quick_ends + 1 if self._process is not None and now - self._since < QUICK_SECONDS else 0
        if self._life is not None:
            self._life.close()
        if self._quick_ends > MAX_QUICK_ENDS:
            self._log("no fork server stays: scans go on without one")
            self.close()
            return
        self._since = now
        self._life, theirs = socket.socketpair()
        self._life.setblocking(False)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", BOOT, PACKAGE_PARENT, str(theirs.fileno()), self._bundle],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    cwd="/",
                    env=os.environ,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                self._log(f"no fork server: {error.strerror}")
                self.close()
