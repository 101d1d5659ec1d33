"""From the paths a user gave to the files to look at: directories, files and globs, inside git and outside of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aicodelint.discovery import globs, skip
from aicodelint.discovery.git import NO_ATTRIBUTES, Attributes, Repository, find_repository
from aicodelint.discovery.ignore import Excludes, IgnoreFiles
from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.discovery.paths import absolute, below, near, shown
from aicodelint.errors import GitError, UsageError

_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to look at. ``path`` is absolute; ``display`` is for reports; ``reason`` says why it need not be opened.

    ``follow`` is True where a symbolic link is to be read through (the user named it).
    """

    path: str
    display: str
    reason: str | None = None
    follow: bool = False
    attributes: Attributes = NO_ATTRIBUTES


def candidates(paths: Iterable[str], options: DiscoveryOptions) -> list[Candidate]:
    """Return the files that ``paths`` stand for, ordered by the name shown and without duplicates.

    An empty ``paths`` means the working directory. Raise ``UsageError`` for a path that does not exist and a glob that matches nothing.
    """
    excludes = Excludes(options)
    walker = _Walker(options, excludes)
    found: dict[str, Candidate] = {}
    for given in tuple(paths) or (".",):
        for candidate in walker.expand(given):
            held = found.get(candidate.path)
            if held is None or (held.reason is not None and candidate.reason is None):
                found[candidate.path] = candidate
    found.update((candidate.path, candidate) for candidate in walker.named())
    return sorted(found.values(), key=lambda candidate: candidate.display)


class _Walker:
    def __init__(self, options: DiscoveryOptions, excludes: Excludes) -> None:
        self._options = options
        self._excludes = excludes
        self._repositories: dict[str, Repository | None] = {}
        self._named: list[str] = []

    def expand(self, given: str) -> Iterator[Candidate]:
        if not given or "\0" in given:
            raise UsageError(f"not a path: {given!r}")
        base = near(absolute(given, self._options.cwd), self._options.cwd)
        try:
            mode = os.stat(base).st_mode  # noqa: PTH116 (Path would normalise the name)
        except OSError as error:
            pattern = given.replace(os.sep, "/")
            if globs.is_glob(pattern) and not os.path.lexists(base):
                yield from self._glob(pattern)
                return
            if not os.path.lexists(base):
                raise UsageError(f"no such file or directory: {shown(base, self._options.cwd)}") from error
            reason = skip.SYMLINK if stat.S_ISLNK(os.lstat(base).st_mode) else skip.UNREADABLE
            yield Candidate(base, shown(base, self._options.cwd), reason)
            return
        if stat.S_ISDIR(mode):
            yield from self._directory(base)
        else:
            self._named.append(base)

    def _glob(self, pattern: str) -> Iterator[Candidate]:
        start, rest = globs.split(pattern)
        base = near(absolute(start or ".", self._options.cwd), self._options.cwd)
        matcher = globs.compile_glob(rest)
        some = False
        if Path(base).is_dir():
            for candidate in self._directory(base):
                if matcher.match((below(candidate.path, base) or "").replace(os.sep, "/")):
                    some = True
                    yield candidate
        if not some:
            raise UsageError(f"no file matches: {pattern}")

    def named(self) -> Iterator[Candidate]:
        """The files that the user named one by one: only their content can speak against them, unless excludes are forced."""
        groups: dict[str | None, tuple[Repository | None, dict[str, str]]] = {}
        for path in dict.fromkeys(self._named):
            directory, name = os.path.split(path)
            real = os.path.realpath(directory)
            repository = self._repository(real)
            root = repository.root if repository is not None else None
            inner = below(f"{real}{os.sep}{name}", root or os.fspath(self._options.cwd)) or name
            groups.setdefault(root, (repository, {}))[1][path] = inner.replace(os.sep, "/")
        for repository, inners in groups.values():
            asked = repository if self._options.respect_attributes else None
            attributes = {} if asked is None else attributes_of(asked, list(inners.values()))
            for path, inner in inners.items():
                yield self._file(path, inner, attributes.get(inner, NO_ATTRIBUTES))

    def _file(self, path: str, inner: str, attributes: Attributes) -> Candidate:
        display = shown(path, self._options.cwd)
        if not self._options.force_exclude:
            return Candidate(path, display, None, True, attributes._replace(vendored=False))
        if self._excludes.match(path):
            return Candidate(path, display, skip.EXCLUDED)
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            mode = 0
        return self._found(path, inner, mode, attributes)

    def _directory(self, base: str) -> Iterator[Candidate]:
        real = os.path.realpath(base)
        repository = self._repository(real) if self._options.respect_gitignore else None
        if repository is not None:
            relative = below(real, repository.root) or "."
            try:
                if relative == "." or not repository.ignores(relative):
                    yield from self._listed(repository, relative, base)
                    return
            except GitError:
                pass  # a repository that git refuses (another user's, a broken one) is walked like any directory
        yield from self._walked(base)

    def _listed(self, repository: Repository, relative: str, base: str) -> Iterator[Candidate]:
        names, closed = repository.files(relative)
        attributes = attributes_of(repository, names) if self._options.respect_attributes else {}
        prefix = "" if relative == "." else relative.replace(os.sep, "/") + "/"
        for name in closed:
            path = os.path.normpath(f"{base}/{name.removeprefix(prefix)}")
            yield Candidate(path, shown(path, self._options.cwd), skip.UNREADABLE)
        for name in names:
            inner = name.removeprefix(prefix)
            path = os.path.normpath(f"{base}/{inner}")
            if name.endswith("/"):
                if not self._excludes.match(path, directory=True):
                    yield from self._directory(path)
                continue
            try:
                mode = os.lstat(path).st_mode
            except (FileNotFoundError, NotADirectoryError):
                continue  # deleted, or outside of a sparse checkout: there is nothing here
            except OSError:
                mode = 0
            if not self._excludes.match(path):
                yield self._found(path, inner, mode, attributes.get(name, NO_ATTRIBUTES))

    def _walked(self, base: str) -> Iterator[Candidate]:
        pending = [(base, IgnoreFiles())]
        while pending:
            directory, above = pending.pop()
            ignored = above.entering(directory) if self._options.respect_gitignore else above
            try:
                with os.scandir(directory) as entries:
                    found = [(entry.path, entry.name, _mode(entry)) for entry in entries]
            except OSError:
                yield Candidate(directory, shown(directory, self._options.cwd), skip.UNREADABLE)
                continue
            for path, name, mode in found:
                folder = stat.S_ISDIR(mode)
                if (folder and name in _VERSION_CONTROL) or ignored.match(path, directory=folder) or self._excludes.match(path, directory=folder):
                    continue
                if folder:
                    pending.append((path, ignored))
                else:
                    yield self._found(path, below(path, base) or name, mode, NO_ATTRIBUTES)

    def _found(self, path: str, inner: str, mode: int, attributes: Attributes) -> Candidate:
        reason = None
        if stat.S_ISLNK(mode):
            reason = skip.SYMLINK
        elif stat.S_ISDIR(mode):
            reason = skip.SUBMODULE
        elif not stat.S_ISREG(mode):
            reason = skip.UNREADABLE
        elif attributes.vendored or (attributes.vendored is None and skip.is_vendored(inner.replace(os.sep, "/"))):
            reason = skip.VENDORED
        return Candidate(path, shown(path, self._options.cwd), reason, False, attributes)

    def _repository(self, real: str) -> Repository | None:
        if real not in self._repositories:
            self._repositories[real] = find_repository(real)
        return self._repositories[real]


def attributes_of(repository: Repository, names: list[str], *, cached: bool = False) -> dict[str, Attributes]:
    """Return the attributes of files (relative to the root), asking git only where some file could hold any: it costs a process.

    ``cached`` takes them from the index instead of the work tree.
    """
    directories = {""}
    for name in names:
        directory = os.path.dirname(name)  # noqa: PTH120 (ten times faster, once a file)
        while directory not in directories:
            directories.add(directory)
            directory = os.path.dirname(directory)  # noqa: PTH120
    files = [Path(repository.root, directory, ".gitattributes") for directory in directories]
    if not cached and not any(os.path.lexists(file) for file in (*files, Path(repository.git_directory, "info", "attributes"))):
        return {}
    try:
        return repository.attributes((name for name in names if not name.endswith("/")), cached=cached)
    except GitError:
        return {}


def _mode(entry: os.DirEntry[str]) -> int:
    try:
        if entry.is_symlink():
            return stat.S_IFLNK
        if entry.is_dir(follow_symlinks=False):
            return stat.S_IFDIR
        return stat.S_IFREG if entry.is_file(follow_symlinks=False) else 0
    except OSError:
        return 0
