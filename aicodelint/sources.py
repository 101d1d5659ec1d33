"""Which files a scan looks at: what the user asked for, and what configuration leaves out."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from aicodelint.config import Config, Globs
from aicodelint.config_search import ConfigSearch
from aicodelint.errors import UsageError
from aicodelint.finding import SourceFile
from aicodelint.selection import globs_matcher

if TYPE_CHECKING:
    from aicodelint.discovery.options import DiscoveryOptions

EXCLUDED = "excluded"
STDIN = "-"
MAX_LIST_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Request:
    """What to scan: ``paths``, what is ``staged``, the ``diff`` to a revision (both narrowed by ``paths``), or a list in ``files_from``.

    The path ``-`` alone is stdin, named ``stdin_filename``.
    """

    paths: tuple[str, ...] = ()
    staged: bool = False
    diff: str | None = None
    stdin_filename: str | None = None
    files_from: str | None = None

    def check(self) -> None:
        """Raise ``UsageError`` for requests that exclude each other."""
        asked = [
            name
            for name, wanted in (
                ("--staged", self.staged),
                ("--diff", self.diff is not None),
                ("--files-from", self.files_from is not None),
                ("stdin", self.paths == (STDIN,)),
                ("paths", self.files_from is not None and bool(self.paths) and self.paths != (STDIN,)),
            )
            if wanted
        ]
        if len(asked) > 1:
            raise UsageError(f"{' and '.join(asked)} exclude each other")
        if STDIN in self.paths and self.paths != (STDIN,):
            raise UsageError("the path - (stdin) cannot be mixed with others")
        if self.stdin_filename is not None and self.paths != (STDIN,):
            raise UsageError("--stdin-filename needs the path - and no other")
        if self.stdin_filename == "":
            raise UsageError("--stdin-filename is empty")


def source_files(request: Request, search: ConfigSearch, directory: Path, own: frozenset[str] = frozenset()) -> Iterator[SourceFile]:
    """Yield the files that ``request`` stands for, in a stable order, but for those of absolute paths ``own``, which this run itself writes."""
    named = _named(request, directory)
    options = replace(discovery_options(search.invocation, directory), respect_attributes=not search.isolated)
    found = _collected(request, named, options)
    if own:
        from aicodelint.discovery.paths import shown

        hidden = {shown(path, directory) for path in own}
        found = (file for file in found if file.path not in hidden)
    return nested_excludes(found, search, directory, named)


def discovery_options(config: Config, directory: Path) -> DiscoveryOptions:
    """Return what ``config``, the one that holds in ``directory``, asks of discovery."""
    from aicodelint.discovery.options import DEFAULT_MAX_BYTES, DiscoveryOptions

    root = next((globs.root for globs in (config.exclude, config.extend_exclude) if globs is not None and globs.root != directory), directory)
    return DiscoveryOptions(
        cwd=directory,
        root=root,
        exclude=_patterns_below(config.exclude, root),
        extend_exclude=_patterns_below(config.extend_exclude, root),
        force_exclude=bool(config.force_exclude),
        max_bytes=config.max_file_size or DEFAULT_MAX_BYTES,
    )


def nested_excludes(files: Iterable[SourceFile], search: ConfigSearch, directory: Path, named: Iterable[str]) -> Iterator[SourceFile]:
    """Skip what the excludes of a nested configuration leave out. Discovery itself heeds those of the starting directory alone.

    ``named`` are the paths that the user named; a file among them is kept unless ``force-exclude`` is set.
    """
    explicit = {os.path.normpath(directory / path) for path in named}
    invocation = search.invocation
    known = (invocation.exclude, invocation.extend_exclude, None)
    matchers: dict[Globs, Callable[[str], bool]] = {}
    for file in files:
        config = search.for_file(file.path)
        applying = [globs for globs in (config.exclude, config.extend_exclude) if globs not in known]
        if file.text is None or not applying or (not config.force_exclude and os.path.normpath(directory / file.path) in explicit):
            yield file
            continue
        for globs in applying:
            if globs is not None and globs not in matchers:
                matchers[globs] = globs_matcher(globs, directory)
        excluded = any(matchers[globs](file.path) for globs in applying if globs is not None)
        yield replace(file, text=None, reason=EXCLUDED) if excluded else file


def _collected(request: Request, named: Sequence[str], options: DiscoveryOptions) -> Iterable[SourceFile]:
    from aicodelint.discovery import collect

    if request.staged:
        return collect.collect_staged(options, request.paths)
    if request.diff is not None:
        return collect.collect_diff(request.diff, options, request.paths)
    if request.paths == (STDIN,):
        from aicodelint.discovery.options import NOTEBOOK_FACTOR

        return (collect.read_stdin(request.stdin_filename, _read_stdin(NOTEBOOK_FACTOR * options.max_bytes), options),)
    if request.files_from is not None and not named:
        return ()
    return collect.collect(named, options)


def _named(request: Request, directory: Path) -> Sequence[str]:
    """The paths that the user named one by one."""
    if request.files_from is None:
        return () if request.paths == (STDIN,) else request.paths
    from aicodelint.discovery.collect import split_file_list

    try:
        data = _read_stdin(MAX_LIST_BYTES) if request.files_from == STDIN else _read_at_most(directory / request.files_from)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read --files-from {request.files_from}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MAX_LIST_BYTES:
        raise UsageError(f"--files-from {request.files_from} is larger than {MAX_LIST_BYTES} bytes")
    return split_file_list(data)


def _read_at_most(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_LIST_BYTES + 1)


def _read_stdin(limit: int) -> bytes:
    """One byte more than ``limit`` tells that there was too much."""
    return sys.stdin.buffer.read(limit + 1)


def _patterns_below(globs: Globs | None, root: Path) -> tuple[str, ...]:
    """Return the patterns of ``globs`` as patterns relative to ``root``, a parent of their own directory."""
    if globs is None:
        return ()
    below = os.path.relpath(globs.root, root).replace(os.sep, "/")
    if below == "." or below.startswith(".."):
        return globs.patterns
    escaped = re.sub(r"([\\*?\[])", r"\\\1", below)
    return tuple(_anchored(pattern, escaped) for pattern in globs.patterns)


def _anchored(pattern: str, below: str) -> str:
    negated, plain = pattern.startswith("!"), pattern.removeprefix("!")
    if "/" in plain.rstrip("/"):
        plain = f"/{below}/{plain.lstrip('/')}"
    return f"!{plain}" if negated else plain
