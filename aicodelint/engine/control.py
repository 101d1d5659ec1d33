"""What a person may want of the daemon: start it, stop it, see how it is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aicodelint import __version__
from aicodelint.detection.bundle import Bundle
from aicodelint.engine.client import ask, wait_until_served
from aicodelint.engine.daemon_log import last_daemon
from aicodelint.engine.life import DRAIN_SECONDS
from aicodelint.engine.rendezvous import Rendezvous, existing_keys, is_held, rendezvous, sweep
from aicodelint.engine.runtime_directory import DaemonUnavailableError, runtime_directory
from aicodelint.engine.spawn import start_daemon
from aicodelint.errors import EngineError

START_SECONDS = 30.0
ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """``state`` is ``running``, ``starting``, ``silent`` (it lives and does not answer) or ``stopped``.

    ``answer`` is what the daemon says of itself; ``crash`` the end of the log of the last one, where that did not end in order.
    """

    state: str
    answer: dict[str, Any]
    crash: str | None


def meeting_place(bundle: Path, device: str) -> Rendezvous:
    """Return where the daemon for this bundle and device is met; raise ``AicodelintError`` if there can be none."""
    try:
        return rendezvous(Bundle.open(bundle).model.fingerprint, device, __version__)
    except DaemonUnavailableError as error:
        raise EngineError(str(error)) from None


def all_meeting_places() -> list[Rendezvous]:
    """Return where daemons of any model and version live, or have lived; raise ``EngineError`` if that cannot be told."""
    try:
        directory = runtime_directory()
        return [Rendezvous(directory, key) for key in existing_keys(directory)]
    except (DaemonUnavailableError, OSError) as error:
        raise EngineError(str(error)) from None


def start(meeting: Rendezvous, bundle: Path, device: str) -> bool:
    """Start a daemon and wait until its model is loaded; return False if one was there. Raise ``EngineError`` if it does not come."""
    try:
        reap = start_daemon(meeting, bundle, device)
        served = wait_until_served(meeting.socket_path, START_SECONDS, meeting.is_coming)
        if reap is not None:
            reap()
    except DaemonUnavailableError as error:
        raise EngineError(str(error)) from None
    if not (served and _wait(lambda: status(meeting).answer.get("ready") or not is_held(meeting.life_lock), START_SECONDS)):
        raise EngineError("the daemon does not answer; see `aicodelint daemon status`")
    if not is_held(meeting.life_lock):
        raise EngineError("the daemon ended as soon as it had started; see `aicodelint daemon status`")
    return reap is not None


def stop(meeting: Rendezvous) -> bool:
    """Stop the daemon, letting it answer what is due; one that does not listen is killed. Return whether there was one."""
    if not is_held(meeting.life_lock):
        sweep(meeting)
        return False
    pid = _pid(meeting)
    try:
        ask(meeting.socket_path, {"type": "stop"}, ANSWER_SECONDS)
        ended = _wait(lambda: not _is_alive(pid), DRAIN_SECONDS + ANSWER_SECONDS)
    except DaemonUnavailableError:
        ended = _wait(lambda: not is_held(meeting.life_lock), 2 * PAUSE_SECONDS)
    if not ended:
        _kill(meeting, pid)
    sweep(meeting)
    return True


def status(meeting: Rendezvous) -> DaemonStatus:
    """Ask the daemon how it is."""
    answer: dict[str, Any] = {}
    state = "stopped"
    if is_held(meeting.life_lock):
        try:
            answer = ask(meeting.socket_path, {"type": "status"}, ANSWER_SECONDS)
            answer.pop("type", None)
            state = "running" if answer.get("ready") else "starting"
        except DaemonUnavailableError:
            state = "silent"
    last = last_daemon(meeting.key, is_running=state != "stopped")
    return DaemonStatus(state, answer, last.text if last is not None and not last.ended else None)


def _pid(meeting: Rendezvous) -> int | None:
    try:
        return int(Path(meeting.life_lock).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _is_alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
    except OSError:
        return False


def _kill(meeting: Rendezvous, pid: int | None) -> None:
    if pid is not None and is_held(meeting.life_lock):  # while the lock is held, the pid in it is its holder's
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError as error:
            raise EngineError(f"the daemon {pid} cannot be stopped: {error.strerror}") from None
    if not _wait(lambda: not is_held(meeting.life_lock), ANSWER_SECONDS):
        raise EngineError("the daemon cannot be stopped")


def _wait(condition: Callable[[], Any], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True
