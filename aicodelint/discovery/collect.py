"""The way in: what is to be scanned becomes a stream of ``SourceFile``, one for each file, and nothing disappears."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from aicodelint.discovery import skip
from aicodelint.discovery.examine import Examiner
from aicodelint.discovery.git import NO_ATTRIBUTES, Attributes, Blobs, Repository, require_repository
from aicodelint.discovery.ignore import Excludes
from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.discovery.paths import absolute, below, near, shown
from aicodelint.discovery.read import Content, read
from aicodelint.discovery.walk import Candidate, attributes_of, candidates
from aicodelint.errors import UsageError
from aicodelint.finding import SourceFile

if TYPE_CHECKING:
    from aicodelint.discovery.changes import Change

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


def collect_staged(options: DiscoveryOptions, paths: Iterable[str] = ()) -> Iterator[SourceFile]:
    """Yield the files that the next commit adds or changes, with their staged content and changed lines, ordered by the path shown.

    ``paths`` narrow it. Raise ``GitError`` outside of a repository.
    """
    from aicodelint.discovery.changes import staged_changes

    repository = require_repository(os.fspath(options.cwd))
    return _changed(repository, staged_changes(repository, _inside(repository, paths, options)), options, cached=True)


def collect_diff(revisions: str, options: DiscoveryOptions, paths: Iterable[str] = ()) -> Iterator[SourceFile]:
    """Yield the files that changed since ``BASE`` (their content in the work tree) or in ``BASE...HEAD`` (their content in HEAD).

    Each has its changed lines; untracked files do not count. ``paths`` narrow it. Raise ``UsageError`` or ``GitError`` as ``changes_since`` does.
    """
    from aicodelint.discovery.changes import changes_since

    repository = require_repository(os.fspath(options.cwd))
    return _changed(repository, changes_since(repository, revisions, _inside(repository, paths, options)), options, cached=False)


def _inside(repository: Repository, paths: Iterable[str], options: DiscoveryOptions) -> list[str]:
    found = []
    for path in paths:
        inner = below(os.path.realpath(absolute(path, options.cwd)), repository.root)
        if inner is None:
            raise UsageError(f"outside of the repository: {path}")
        found.append(inner)
    return found


def _changed(repository: Repository, changes: list[Change], options: DiscoveryOptions, *, cached: bool) -> Iterator[SourceFile]:
    """List first, so that every error comes before the first file; then read one file at a time."""
    excludes, examiner = Excludes(options), Examiner(options)
    attributes = attributes_of(repository, [change.path for change in changes], cached=cached) if options.respect_attributes else {}
    found = []
    for change in changes:
        path = near(os.path.normpath(f"{repository.root}/{change.path}"), options.cwd)
        if not excludes.match(path):
            found.append((shown(path, options.cwd), path, change))
    return _read_changes(repository, sorted(found, key=lambda item: item[0]), attributes, examiner)


def _read_changes(
    repository: Repository, found: list[tuple[str, str, Change]], attributes: dict[str, Attributes], examiner: Examiner
) -> Iterator[SourceFile]:
    with repository.blobs() as blobs:
        for display, path, change in found:
            said = attributes.get(change.path, NO_ATTRIBUTES)
            file = _objection(display, change, said) or examiner.by_name(display, said)
            if file is None:
                limit = examiner.limit(path)
                content = read(path, limit, follow=False) if change.object_id is None else _blob(blobs, change.object_id, limit)
                file = SourceFile(display, reason=content.reason) if content.reason else examiner.by_content(display, content.data, said)
            yield replace(file, changed_lines=change.lines)


def _objection(display: str, change: Change, attributes: Attributes) -> SourceFile | None:
    reason = None
    if change.is_symlink:
        reason = skip.SYMLINK
    elif change.is_submodule:
        reason = skip.SUBMODULE
    elif change.status == "U":
        reason = skip.UNMERGED
    elif attributes.vendored or (attributes.vendored is None and skip.is_vendored(change.path)):
        reason = skip.VENDORED
    return SourceFile(display, reason=reason) if reason else None


def _blob(blobs: Blobs, object_id: str, limit: int) -> Content:
    data = blobs.read(object_id, limit)
    if data is None:
        return Content(reason=skip.UNREADABLE)
    return Content(reason=skip.TOO_BIG) if len(data) > limit else Content(data)


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
