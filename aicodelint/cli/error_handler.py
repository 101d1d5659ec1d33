"""The one place where exceptions become exit codes and a line on stderr."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aicodelint import __version__
from aicodelint.errors import AicodelintError

FAILED = 2
INTERRUPTED = 130
TERMINATED = 143
BROKEN_PIPE = 141


class ReaderGoneError(Exception):
    """Whoever read stdout went away. Not a ``BrokenPipeError``: click would turn that into exit code 1, which means findings."""


class Terminated(BaseException):
    """SIGTERM arrived: unwind, so that nothing half-written stays behind."""


def run(command: Callable[[], int]) -> int:
    """Run ``command`` and return the exit code of the process. No traceback ever reaches the user."""
    import click

    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = command()
        sys.stdout.flush()
        return code
    except (BrokenPipeError, ReaderGoneError):
        close_stdout()
        return BROKEN_PIPE
    except AicodelintError as error:
        _say(str(error))
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see '{context.command_path} --help')" if context else ""
        _say(f"{' '.join(error.format_message().split())}{hint}")
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except OSError as error:
        _say(f"internal error: {type(error).__name__}: {error.strerror}{_crash_note(error)}")
    except MemoryError:
        _say("out of memory")
    except Exception as error:
        _say(f"internal error: {type(error).__name__}{_crash_note(error)}")
    return FAILED


def _terminate(number: int, frame: object) -> None:
    raise Terminated


def _say(message: str) -> None:
    from aicodelint.report.base import printable

    try:
        sys.stderr.write(f"error: {printable(message)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def close_stdout() -> None:
    """Let the interpreter flush stdout into nothing on its way out."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _crash_note(error: BaseException) -> str:
    """Write a crash log and return `` (details in FILE)``, or the empty string where it cannot be written."""
    try:
        from platformdirs import user_state_path

        directory = user_state_path("aicodelint", appauthor=False)
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"crash-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.log"
        path.write_text(_crash_report(error), encoding="utf-8")
    except (OSError, ImportError):
        return ""
    return f" (details in {path})"


def _crash_report(error: BaseException) -> str:
    """Version, platform, kind of error and the frames of our own code. No message and no variables: they may hold source text."""
    import platform
    import traceback

    package = Path(__file__).resolve().parent.parent
    lines = [
        f"aicodelint {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"{type(error).__module__}.{type(error).__qualname__}",
    ]
    for frame, number in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        inside = path.relative_to(package) if path.is_relative_to(package) else None
        lines.append(f"  {f'aicodelint/{inside.as_posix()}:{number}' if inside else '(outside)'} in {frame.f_code.co_name if inside else '...'}")
    return "\n".join(lines) + "\n"
