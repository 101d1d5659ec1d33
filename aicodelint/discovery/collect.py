"""The way in: what is to be scanned becomes a stream of ``SourceFile``, one for each file, and nothing disappears."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from aicodelint.discovery import skip
from aicodelint.discovery.examine import Examiner
from aicodelint.discovery.git import NO_ATTRIBUTES
from aicodelint.discovery.ignore import Excludes
from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.discovery.paths import absolute, printable, shown
from aicodelint.discovery.read import read
from aicodelint.discovery.walk import Candidate, candidates
from aicodelint.finding import SourceFile

STDIN = "-"
"""What standard input is called where no name is given."""


def collect(paths: Iterable[str], options: DiscoveryOptions) -> Iterator[SourceFile]:
    """Yield one ``SourceFile`` for each file that ``paths`` stand for, ordered by the path shown, reading one file at a time.

    Raise ``UsageError`` for a path that does not exist (before the first file is yielded).
    """
    return _examined(candidates(paths, options), Examiner(options))


def _examined(found: list[Candidate], examiner: Examiner) -> Iterator[SourceFile]:
    for candidate in found:
        yield _examine(candidate, examiner)


def _examine(candidate: Candidate, examiner: Examiner) -> SourceFile:
    if candidate.reason is not None:
        return SourceFile(candidate.display, reason=candidate.reason)
    known = examiner.by_name(candidate.display, candidate.attributes)
    if known is not None:
        return known
    content = read(candidate.path, examiner.limit(candidate.path), follow=candidate.follow)
    if content.reason is not None:
        return SourceFile(candidate.display, reason=content.reason)
    return examiner.by_content(candidate.display, content.data, candidate.attributes)


def read_stdin(name: str | None, data: bytes, options: DiscoveryOptions) -> SourceFile:
    """Return the ``SourceFile`` of bytes that came on standard input; ``name`` (``--stdin-filename``) need not exist."""
    if name is None or name == STDIN:
        return _from_bytes(STDIN, data, options)
    path = absolute(name, options.cwd)
    display = shown(path, options.cwd)
    if options.force_exclude and Excludes(options).match(path):
        return SourceFile(display, reason=skip.EXCLUDED)
    return _from_bytes(display, data, options)


def _from_bytes(display: str, data: bytes, options: DiscoveryOptions) -> SourceFile:
    examiner = Examiner(options)
    known = examiner.by_name(display, NO_ATTRIBUTES)
    if known is not None:
        return known
    if len(data) > examiner.limit(display):
        return SourceFile(display, reason=skip.TOO_BIG)
    return examiner.by_content(display, data)


def split_file_list(data: bytes) -> list[str]:
    """Return the paths of a ``--files-from`` list: separated by NUL bytes when there are any, else one a line. Empty entries do not count."""
    separator = b"\0" if b"\0" in data else b"\n"
    entries = (entry if separator == b"\0" else entry.removesuffix(b"\r") for entry in data.split(separator))
    return [os.fsdecode(entry) for entry in entries if entry]


__all__ = ["STDIN", "collect", "printable", "read_stdin", "split_file_list"]
