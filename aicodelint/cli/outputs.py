"""Where reports go: stdout or files. A file appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, TextIO, cast

from aicodelint.atomic_file import AtomicFile
from aicodelint.cli.error_handler import ReaderGoneError
from aicodelint.errors import AicodelintError, UsageError
from aicodelint.finding import FileResult
from aicodelint.report.base import Report, Style, Summary, Tool
from aicodelint.report.formats import STREAMED, open_report

STDOUT = "-"


def pair_outputs(given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pair formats with files, from ``("format" | "output", value)`` in the order of the command line.

    An output belongs to the format just before it, or else to the one that follows; a format without one goes to stdout (``-``), an output
    without one is text. Raises ``UsageError`` where two reports would go to the same place.
    """
    pairs: list[tuple[str | None, str | None]] = []
    for kind, value in given:
        last_format, last_output = pairs[-1] if pairs else ("", "")
        if kind == "output" and last_output is None:
            pairs[-1] = (last_format, value)
        elif kind == "format" and last_format is None:
            pairs[-1] = (value, last_output)
        else:
            pairs.append((value, None) if kind == "format" else (None, value))
    reports = [(name or "text", output or STDOUT) for name, output in pairs] or [("text", STDOUT)]
    targets: set[str] = set()
    for _, output in reports:
        target = output if output == STDOUT else os.path.realpath(output)
        if target in targets:
            where = "to stdout: give --output FILE after each --format" if output == STDOUT else f"to {output}"
            raise UsageError(f"more than one report would go {where}")
        targets.add(target)
    return reports


class Outputs:
    """The reports of one scan as one. On leaving the ``with`` block every unfinished file is removed.

    Nothing is made before ``open``, so that a signal at any moment finds us inside the block.
    """

    def __init__(self) -> None:
        self._sinks: list[_Stdout | _File | _Special] = []
        self._reports: list[Report] = []

    def open(self, reports: Sequence[tuple[str, str]], style: Style) -> None:
        """Open pairs of format and file (``-``: stdout); raise ``UsageError`` where that cannot be."""
        for name, output in reports:
            sink = _Stdout(name) if output == STDOUT else _sink_at(Path(output))
            self._sinks.append(sink)
            try:
                stream = sink.open()
            except (OSError, ValueError) as error:
                raise _cannot_write(output, error) from None
            self._reports.append(open_report(name, stream, style if output == STDOUT else replace(style, color=False)))

    @property
    def files(self) -> frozenset[str]:
        """The absolute paths that this run itself writes, finished or not."""
        return frozenset(path for sink in self._sinks for path in sink.paths)

    def start(self, tool: Tool) -> None:
        """Begin every report."""
        for sink, report in zip(self._sinks, self._reports, strict=True):
            with _writing(sink):
                report.start(tool)

    def add(self, result: FileResult) -> None:
        """Tell one file in every report."""
        for sink, report in zip(self._sinks, self._reports, strict=True):
            with _writing(sink):
                report.add(result)

    def finish(self, summary: Summary) -> None:
        """End every report, then put the files in place."""
        for sink, report in zip(self._sinks, self._reports, strict=True):
            with _writing(sink):
                report.finish(summary)
        for sink in self._sinks:
            with _writing(sink):
                sink.commit()

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for sink in self._sinks:
            sink.discard()


class _Stdout:
    """Standard output; what is one document there is held back until it is whole."""

    name = "stdout"
    paths: tuple[str, ...] = ()

    def __init__(self, format_name: str) -> None:
        self._encoding = None if format_name == "text" else "utf-8"
        self._streamed = format_name in STREAMED
        self._whole: IO[str] | None = None

    def open(self) -> TextIO:
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding=self._encoding, errors="backslashreplace")
        if self._streamed:
            return sys.stdout
        self._whole = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 (closed in discard)
        return cast(TextIO, self._whole)

    def commit(self) -> None:
        if self._whole is not None:
            self._whole.seek(0)
            shutil.copyfileobj(self._whole, sys.stdout)
        sys.stdout.flush()

    def discard(self) -> None:
        if self._whole is not None:
            self._whole.close()


class _Special:
    """A pipe or a device: written to directly."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.paths = (os.path.realpath(path),)
        self._path = path
        self._stream: TextIO | None = None

    def open(self) -> TextIO:
        self._stream = self._path.open("w", encoding="utf-8", newline="\n")
        return self._stream

    def commit(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def discard(self) -> None:
        with suppress(OSError):
            self.commit()


class _File:
    """A file that is put in its place at the end; the user named it, so a link is followed."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._file = AtomicFile(Path(os.path.realpath(path)))
        self.paths = (str(self._file.target), str(self._file.part))

    def open(self) -> TextIO:
        return self._file.open()

    def commit(self) -> None:
        self._file.commit()

    def discard(self) -> None:
        self._file.discard()


def _sink_at(path: Path) -> _File | _Special:
    try:
        if path.is_dir():
            raise UsageError(f"--output {path} is a directory")
        if path.exists() and not path.is_file():
            return _Special(path)
        if path.exists() and not os.access(path, os.W_OK):
            raise UsageError(f"--output {path} is not writable")
    except (OSError, ValueError) as error:
        raise _cannot_write(str(path), error) from None
    return _File(path)


def _cannot_write(output: str, error: OSError | ValueError) -> UsageError:
    return UsageError(f"cannot write --output {output}: {getattr(error, 'strerror', None) or error}")


@contextmanager
def _writing(sink: _Stdout | _File | _Special) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGoneError from None
    except OSError as error:
        raise AicodelintError(f"cannot write to {sink.name}: {error.strerror or error}") from None
