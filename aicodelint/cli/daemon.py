"""``aicodelint daemon``: start, stop, look at the process that keeps the model warm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aicodelint.cli.format_option import format_option
from aicodelint.cli.say import tell
from aicodelint.errors import EngineError

if TYPE_CHECKING:
    from aicodelint.engine.control import DaemonStatus
    from aicodelint.engine.rendezvous import Rendezvous

_Command = TypeVar("_Command", bound=Callable[..., Any])
LOG_LINES = 100
NOT_RUNNING = 1


def _which(command: _Command) -> _Command:
    command = click.option("--device", default="auto", metavar="auto|cpu|cuda", help="The device it serves.")(command)
    return click.option("--model", type=click.Path(path_type=Path), metavar="DIR", help="The bundle it serves.")(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def daemon() -> None:
    """Look after the process that keeps the model warm.

    Scans start it by themselves, and it ends by itself when nobody asks for 15 minutes. AICODELINT_NO_DAEMON turns it off.
    """
    from aicodelint.engine.select import daemon_runs_here

    if not daemon_runs_here():
        raise EngineError("there is no daemon on this system: it needs Unix sockets. Scans run in process")


@daemon.command()
@_which
def start(model: Path | None, device: str) -> int:
    """Start the daemon and wait until its model is loaded."""
    from aicodelint.engine.control import start as start_it

    meeting, bundle, device = _meeting(model, device)
    click.echo("started" if start_it(meeting, bundle, device) else "it runs already")
    return 0


@daemon.command()
@_which
@click.option("--all", "everyone", is_flag=True, help="Stop the daemons of every model and version.")
def stop(model: Path | None, device: str, everyone: bool) -> int:
    """Stop the daemon, once it has answered what it was asked."""
    from aicodelint.engine.control import all_meeting_places
    from aicodelint.engine.control import stop as stop_it

    meetings = all_meeting_places() if everyone else [_meeting(model, device)[0]]
    stopped = sum([stop_it(meeting) for meeting in meetings])
    click.echo(("stopped" if stopped == 1 else f"stopped {stopped}") if stopped else "it does not run")
    return 0


@daemon.command()
@_which
def restart(model: Path | None, device: str) -> int:
    """Stop the daemon, if it runs, and start a fresh one."""
    from aicodelint.engine.control import start as start_it
    from aicodelint.engine.control import stop as stop_it

    meeting, bundle, device = _meeting(model, device)
    stop_it(meeting)
    start_it(meeting, bundle, device)
    click.echo("started")
    return 0


@daemon.command()
@_which
@format_option()
def status(model: Path | None, device: str, form: str) -> int:
    """Say whether the daemon runs and how it is; exits with 1 if it does not run."""
    from aicodelint.engine.control import status as status_of
    from aicodelint.engine.daemon_log import log_path

    meeting = _meeting(model, device)[0]
    found = status_of(meeting)
    places = {"socket": meeting.socket_path, "log": str(log_path(meeting.key))}
    if form == "json":
        click.echo(json.dumps({"state": found.state, **found.answer, **places, "crash": found.crash}, indent=2))
    else:
        _tell(found, places)
    return 0 if found.state in ("running", "starting") else NOT_RUNNING


@daemon.command()
@_which
@click.option("-n", "--lines", type=click.IntRange(1), default=LOG_LINES, help=f"How many of the last lines to print (default: {LOG_LINES}).")
def logs(model: Path | None, device: str, lines: int) -> int:
    """Print the end of the daemon's log."""
    from aicodelint.engine.daemon_log import log_path

    path = log_path(_meeting(model, device)[0].key)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise EngineError(f"there is no log at {path}") from None
    for line in text.splitlines()[-lines:]:
        tell(line)
    return 0


def _meeting(model: Path | None, device: str) -> tuple[Rendezvous, Path, str]:
    from aicodelint.detection.bundle import default_path
    from aicodelint.engine.control import meeting_place
    from aicodelint.engine.select import resolve_device

    bundle = model or default_path()
    resolved = resolve_device(device)
    return meeting_place(bundle, resolved), bundle, resolved


def _tell(found: DaemonStatus, places: dict[str, str]) -> None:
    said = found.answer
    tell(f"state:    {found.state}")
    if said:
        tell(f"pid:      {said['pid']}, up {said['uptime_seconds']:.0f} s, idle {said['idle_seconds']:.0f} s")
        tell(f"model:    {said['model']} ({said['fingerprint']}) on {said['device']}, version {said['version']}")
        tell(f"served:   {said['requests']} texts in {said['batches']} batches, {said['cache_hits']} remembered; {said['queue']} queued")
        tell(f"memory:   {said['memory_bytes'] / 2**20:.0f} MiB; clients: {said['clients']}")
    for name, place in places.items():
        tell(f"{name + ':':<9} {place}")
    if found.crash is not None:
        tell("The last one did not end in order. Its log:")
        for line in found.crash.splitlines():
            tell(line)
