"""The daemon's own process: from the fork that sets it loose to the last line in its log."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import resource
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aicodelint import __version__
from aicodelint.detection.bundle import Bundle
from aicodelint.engine.batching import Judge
from aicodelint.engine.daemon_log import ENDED, STARTED, DaemonLog
from aicodelint.engine.freshness import change_watch, package_signature
from aicodelint.engine.life import IDLE_SECONDS, MEMORY_GROWTH_BYTES, Life, Retirement
from aicodelint.engine.protocol import identity
from aicodelint.engine.rendezvous import Rendezvous, rendezvous, try_lock
from aicodelint.engine.runtime_directory import DaemonUnavailableError
from aicodelint.engine.server import BACKLOG, Server, Service
from aicodelint.engine.spawn import start_daemon
from aicodelint.errors import AicodelintError
from aicodelint.warm.keeper import ForkServerKeeper

IDLE_VARIABLE = "AICODELINT_DAEMON_IDLE_SECONDS"
MEMORY_VARIABLE = "AICODELINT_DAEMON_MEMORY_MB"
PREDECESSOR_SECONDS = 2.0


def main(arguments: Sequence[str]) -> None:
    """Run as a daemon: ``arguments`` are the bundle's directory, the device, and the descriptor that holds the spawn lock."""
    if os.fork():
        os._exit(0)
    package = package_signature()
    log = DaemonLog()
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    bundle, device, lock = Path(arguments[0]), arguments[1], int(arguments[2])
    log(f"{STARTED} on {device}, version {__version__}")
    try:
        reason = _run(bundle, device, lock, log, package)
    except (AicodelintError, DaemonUnavailableError) as error:
        log(f"error: {error}")
        reason = "crashed"
    except BaseException as error:
        log.fault("the daemon fell over", error)
        reason = "crashed"
    if not reason.startswith("crashed"):
        log(f"{ENDED}: {reason}")
    os._exit(0)  # the inference thread may be in the middle of a batch that nobody waits for


def _run(directory: Path, device: str, spawn_lock: int, log: DaemonLog, package: tuple[tuple[str, int, int], ...]) -> str:
    bundle = Bundle.open(directory)
    model = bundle.model
    meeting = rendezvous(model.fingerprint, device, __version__)
    life_lock = _take_life_lock(meeting)
    if life_lock is None:
        return "another daemon has this place"
    listening = _listen(meeting)
    os.close(spawn_lock)
    life = Life(
        change_watch(package, directory, model.fingerprint),
        _findable(meeting, os.fstat(life_lock)),
        _number(IDLE_VARIABLE, IDLE_SECONDS),
        int(_number(MEMORY_VARIABLE, MEMORY_GROWTH_BYTES >> 20)) << 20,
    )
    service = Service(identity(model.fingerprint, device, __version__), model.name, str(directory))
    keeper = ForkServerKeeper(directory, life.touch, log)
    departure = _Departure(meeting, life_lock, directory, device, log)
    server = Server(service, _loader(bundle, device), life, log, log.fault, tend=keeper.tend)

    def leave(retirement: Retirement) -> None:
        keeper.close()
        departure.leave(retirement)

    retirement = asyncio.run(server.serve(listening, leave))
    departure.finish()
    return retirement.reason


def _loader(bundle: Bundle, device: str) -> Callable[[], Judge]:
    def load() -> Judge:
        from aicodelint.detection.open_detector import open_detector

        return open_detector(bundle, device)

    return load


def _take_life_lock(meeting: Rendezvous) -> int | None:
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    while (lock := try_lock(meeting.life_lock)) is None:
        if time.monotonic() > deadline:
            return None
        time.sleep(0.02)
    with contextlib.suppress(OSError):  # on a full disk the lock serves without the pid in it
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _listen(meeting: Rendezvous) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(meeting.socket_path)  # noqa: PTH108
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listening.bind(meeting.socket_path)
    except OSError as error:
        raise DaemonUnavailableError(f"cannot bind {meeting.socket_path}: {error.strerror}") from None
    finally:
        os.umask(mask)
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


def _findable(meeting: Rendezvous, lock: os.stat_result) -> Callable[[], bool]:
    bound = os.lstat(meeting.socket_path)

    def is_findable() -> bool:
        try:
            here = os.path.samestat(os.lstat(meeting.socket_path), bound)
            return here and os.path.samestat(os.lstat(meeting.life_lock), lock)
        except OSError:
            return False

    return is_findable


class _Departure:
    """Gives the daemon's place free, to a fresh daemon if the retirement says so."""

    def __init__(self, meeting: Rendezvous, life_lock: int, directory: Path, device: str, log: DaemonLog) -> None:
        self._meeting = meeting
        self._life_lock = life_lock
        self._directory = directory
        self._device = device
        self._log = log
        self._is_ours = _findable(meeting, os.fstat(life_lock))
        self._reap: Callable[[], None] | None = None

    def leave(self, retirement: Retirement) -> None:
        if self._is_ours():  # else the directory was removed, and another daemon may live at these names by now
            for path in (self._meeting.socket_path, self._meeting.life_lock):
                with contextlib.suppress(OSError):
                    os.unlink(path)  # noqa: PTH108
        os.close(self._life_lock)
        if retirement.hand_over:
            try:
                self._reap = start_daemon(self._meeting, self._directory, self._device)
            except DaemonUnavailableError as error:
                self._log(f"error: no fresh daemon could be started: {error}")

    def finish(self) -> None:
        if self._reap is not None:
            self._reap()


def _number(variable: str, default: float) -> float:
    try:
        return max(0.0, float(os.environ[variable]))
    except (KeyError, ValueError):
        return default
