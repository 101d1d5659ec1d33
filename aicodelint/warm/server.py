"""The fork server: one process with one thread, which has imported what a scan needs and forks one child for each. See ``protocol``.

It is started by the daemon and leaves with it, as soon as the children that still scan are done; it leaves too when a file it has
loaded, of this package or of another, has changed (the daemon then starts a fresh one). It reads nothing of what a client hands over:
the child does, so that a client that is slow or talks nonsense holds up itself alone.

The first child is forked before its client comes (the *spare*), and has rehearsed a scan: most of what a fork costs is the copying of pages
as they are first written to. Clients that come at once get a child forked for them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from aicodelint.engine.daemon_log import DaemonLog
from aicodelint.engine.freshness import LOOK_AGAIN_SECONDS, Signature, package_signature
from aicodelint.engine.rendezvous import try_lock
from aicodelint.engine.runtime_directory import DaemonUnavailableError, is_foreign, runtime_directory
from aicodelint.warm import child
from aicodelint.warm.protocol import HELLO, KILLED, identity, lock_path, socket_path

MODULES = (
    "click",
    "difflib",
    "importlib.metadata",
    "json",
    "platformdirs",
    "secrets",
    "shutil",
    "sqlite3",
    "subprocess",
    "tempfile",
    "tomllib" if sys.version_info >= (3, 11) else "tomli",
)
OURS = ("baseline", "cli.main", "cli.scan", "engine.cache", "engine.cached", "engine.daemon", "engine.select", "engine.spawn", "policy", "scanning")
WHOLE_PACKAGES = ("discovery", "report")
MAX_CHILDREN = 64
BACKLOG = 128
KILL_SECONDS = 5.0
PASSED_ON = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve until the daemon is gone; ``arguments`` are the descriptor of a socket at whose other end it is, and its bundle's directory."""
    sys.path[:] = [path for path in sys.path if path]  # never the working directory: a child works in its client's
    log = DaemonLog()
    life = socket.socket(fileno=int(arguments[0]))
    try:
        package = package_signature()
        load()
        if package_signature() != package:
            raise DaemonUnavailableError("the package changed while it was loaded")
        ForkServer(_Place(), life, arguments[1], log).serve()
    except DaemonUnavailableError as error:
        log(f"fork server: {error}")
    except Exception as error:
        log.fault("the fork server fell over", error)
    os._exit(0)


def load() -> None:
    """Import all that a warm scan imports, and put it out of the garbage collector's sight: a child is not to touch it needlessly."""
    gc.disable()
    package = Path(__file__).resolve().parent.parent
    parts = [f"{part}.{path.stem}" for part in WHOLE_PACKAGES for path in sorted((package / part).glob("[a-z]*.py"))]
    for name in (*MODULES, *(f"aicodelint.{part}" for part in (*OURS, *parts))):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


class _Place:
    """The socket and the lock that makes its name ours. Raises ``DaemonUnavailableError`` if another server has it."""

    def __init__(self) -> None:
        self.path = socket_path(runtime_directory(), identity())
        lock = try_lock(lock_path(self.path))
        if lock is None:
            raise DaemonUnavailableError("another one has this place")
        self.lock = lock
        _sweep(Path(self.path).parent)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)  # noqa: PTH108
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            self.listening.bind(self.path)
        except OSError as error:
            raise DaemonUnavailableError(f"cannot bind {self.path}: {error.strerror}") from None
        finally:
            os.umask(mask)
        self._bound = os.lstat(self.path)
        self.listening.listen(BACKLOG)
        self.listening.setblocking(False)

    def leave(self) -> None:
        """Take no more clients and give the name free, unless somebody removed it and it may be another's by now."""
        self.listening.close()
        with contextlib.suppress(OSError):
            if os.path.samestat(os.lstat(self.path), self._bound):
                for path in (self.path, lock_path(self.path)):
                    os.unlink(path)  # noqa: PTH108
        os.close(self.lock)


def _sweep(directory: Path) -> None:
    """Remove what servers have left that were killed, those of versions that are no more among them."""
    for path in map(str, directory.glob("*.fork")):
        with contextlib.suppress(DaemonUnavailableError):
            lock = try_lock(lock_path(path))
            if lock is not None:
                for dead in (path, lock_path(path)):
                    with contextlib.suppress(OSError):
                        os.unlink(dead)  # noqa: PTH108
                os.close(lock)


class _Client:
    """A connection, the child that was forked for it, and since when nobody is at its other end."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.connection = connection
        self.pid = pid
        self.gone_since: float | None = None


class _Spare:
    """A child that waits for a client, which it is told of by ``orders``."""

    def __init__(self, orders: socket.socket, pid: int) -> None:
        self.orders = orders
        self.pid = pid


class ForkServer:
    """Accepts clients, forks their children, passes signals on, tells of deaths."""

    def __init__(self, place: _Place, life: socket.socket, bundle: str, log: DaemonLog) -> None:
        self._bundle = bundle
        self._place = place
        self._life = life
        self._files = _loaded_files()
        self._signature = _signature(self._files)
        self._log = log
        self._clients: dict[int, _Client] = {}
        self._spare: _Spare | None = None
        self._spares_live = True
        self._next_look = 0.0
        self._leaving = False
        self._terminated = False
        self._poll = select.poll()
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken, life):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno())
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTERM, self._terminate)
        for end in (place.listening, life, self._woken):
            self._poll.register(end, select.POLLIN)

    def serve(self) -> None:
        """Serve until it is time to leave and the last child is done."""
        self._log("fork server: it listens")
        while not (self._leaving and not self._clients):
            for descriptor, _ in self._poll.poll(1000):
                if descriptor == self._place.listening.fileno() and not self._leaving:
                    self._accept()
                elif descriptor == self._life.fileno():
                    self._leave("the daemon is gone")
                elif descriptor in self._clients:
                    self._hear(self._clients[descriptor])
            with contextlib.suppress(BlockingIOError):
                while self._woken.recv(4096):
                    pass
            self._bury()
            self._kill()
            if self._terminated:
                self._leave("SIGTERM")
            if not self._clients and not self._leaving:
                self._prepare()

    def _terminate(self, number: int, frame: object) -> None:
        self._terminated = True

    def _leave(self, reason: str) -> None:
        if self._leaving:
            return
        self._leaving = True
        self._log(f"fork server: it leaves: {reason}")
        self._poll.unregister(self._place.listening)
        self._poll.unregister(self._life)
        self._place.leave()
        if self._spare is not None:
            self._spare.orders.close()
            self._spare = None

    def _accept(self) -> None:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK_AGAIN_SECONDS
            if self._signature is None or _signature(self._files) != self._signature:
                self._leave("the package changed")
                return
        try:
            connection, _ = self._place.listening.accept()
        except OSError:
            return
        if is_foreign(connection) or len(self._clients) >= MAX_CHILDREN:
            connection.close()
            return
        try:
            pid = self._child_for(connection)
        except OSError:
            connection.close()
            return
        connection.setblocking(False)
        self._clients[connection.fileno()] = _Client(connection, pid)
        self._poll.register(connection, select.POLLIN)
        with contextlib.suppress(OSError):
            self._life.send(b"f")

    def _hear(self, client: _Client) -> None:
        try:
            heard = client.connection.recv(16)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        for number in heard:
            if number in PASSED_ON:
                _send(client.pid, number, to_group=number == signal.SIGINT)
        if not heard:
            client.gone_since = time.monotonic()
            self._poll.unregister(client.connection)
            _send(client.pid, signal.SIGTERM, to_group=False)

    def _prepare(self) -> None:
        """Have a spare."""
        if self._spare is not None or not self._spares_live:
            return
        orders, theirs = socket.socketpair()
        with theirs:
            try:
                pid = os.fork()
            except OSError:
                orders.close()
                return
            if pid == 0:
                self._become_child(orders, lambda: child.wait(theirs, self._bundle))
        self._spare = _Spare(orders, pid)

    def _child_for(self, connection: socket.socket) -> int:
        """Return the pid of a child for a client; raise ``OSError`` if there can be none."""
        if self._spare is not None:
            spare, self._spare = self._spare, None
            with spare.orders, contextlib.suppress(OSError):
                socket.send_fds(spare.orders, [HELLO], [connection.fileno()])
                return spare.pid
        pid = os.fork()
        if pid == 0:
            self._become_child(None, lambda: child.run(connection))
        return pid

    def _become_child(self, orders: socket.socket | None, live: Callable[[], NoReturn]) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            os.close(self._place.lock)
            for end in (self._place.listening, self._life, self._wake, self._woken, orders):
                if end is not None:
                    end.close()
            for client in self._clients.values():
                client.connection.close()
            live()
        finally:
            os._exit(child.UNFIT)

    def _bury(self) -> None:
        """Reap children that ended, and tell the clients of those that were killed."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._spare is not None and self._spare.pid == pid:
                self._spare.orders.close()
                self._spare = None
                self._spares_live = False  # whatever it died of, the next one would
            client = next((client for client in self._clients.values() if client.pid == pid), None)
            if client is not None:
                if os.WIFSIGNALED(status):
                    with contextlib.suppress(OSError):
                        client.connection.send(KILLED + bytes([os.WTERMSIG(status)]))
                self._forget(client)

    def _kill(self) -> None:
        """Kill what outlives its client."""
        now = time.monotonic()
        for client in self._clients.values():
            if client.gone_since is not None and now > client.gone_since + KILL_SECONDS:
                _send(client.pid, signal.SIGKILL, to_group=True)

    def _forget(self, client: _Client) -> None:
        if client.gone_since is None:
            self._poll.unregister(client.connection)
        del self._clients[client.connection.fileno()]
        client.connection.close()


def _send(pid: int, number: int, *, to_group: bool) -> None:
    """Send a signal to a child that is not reaped yet (so the pid is its own); to what it has started as well if ``to_group``."""
    with contextlib.suppress(OSError):
        if to_group:
            with contextlib.suppress(OSError):  # a child so young that it leads no group yet
                os.killpg(pid, number)
                return
        os.kill(pid, number)


def _signature(files: Iterable[str]) -> Signature | None:
    """Return size and time of change of these files, or None if one of them is gone."""
    try:
        found = [(path, os.stat(path)) for path in files]  # noqa: PTH116 (a Path for each would take longer than the stat)
    except OSError:
        return None
    return tuple((path, status.st_size, status.st_mtime_ns) for path, status in found)


def _loaded_files() -> list[str]:
    """Return the files of all loaded modules that are not the standard library's."""
    library = f"{os.path.dirname(os.__file__)}/"  # noqa: PTH120
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return [file for file in files if file and (not file.startswith(library) or "/site-packages/" in file)]
