"""What is left out: by the user's own excludes, and by the ignore files of directories that git does not look after."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.discovery.paths import below
from aicodelint.discovery.patterns import Patterns

_LARGEST_IGNORE_FILE = 1_000_000


class Excludes:
    """The user's own exclude patterns, relative to the directory of the configuration that holds them."""

    def __init__(self, options: DiscoveryOptions) -> None:
        self._root = os.fspath(options.root or options.cwd)
        self._patterns = Patterns((*options.exclude, *options.extend_exclude))
        self._directories = {"": False}

    def match(self, path: str, *, directory: bool = False) -> bool:
        """Tell whether an absolute path is excluded, itself or by a directory above it.

        Outside the root patterns without a path (``*.py``, ``build/``) hold below the directory that both share; those with one hold nowhere.
        """
        if not self._patterns:
            return False
        relative = below(path, self._root) or os.path.relpath(path, self._root)
        if relative.rpartition(os.sep)[2] in {".", ".."}:
            return False
        relative = relative.replace(os.sep, "/")
        return self._directory(relative) if directory else self._directory(relative.rpartition("/")[0]) or self._says(relative, False)

    def _directory(self, relative: str) -> bool:
        known = self._directories.get(relative)
        if known is None:
            above = ""
            known = False
            for name in relative.split("/"):
                above = f"{above}/{name}" if above else name
                known = known or (name != ".." and self._says(above, True))
            self._directories[relative] = known
        return known

    def _says(self, relative: str, directory: bool) -> bool:
        return self._patterns.check(relative, directory=directory) is True


class IgnoreFiles:
    """The ``.gitignore`` files that hold for one directory: its own and those above it, up to where the walk began."""

    def __init__(self, files: tuple[tuple[str, Patterns], ...] = ()) -> None:
        self._files = files

    def entering(self, directory: str) -> IgnoreFiles:
        """Return what holds inside ``directory``: this, and its own ``.gitignore`` where there is one."""
        patterns = _read(f"{directory}/.gitignore")
        return IgnoreFiles((*self._files, (directory, patterns))) if patterns else self

    def match(self, path: str, *, directory: bool = False) -> bool:
        """Tell whether an entry of the directory is ignored: the last pattern of the nearest file that speaks of it decides."""
        for base, patterns in reversed(self._files):
            said = patterns.check(path[len(base) :].replace(os.sep, "/").lstrip("/"), directory=directory)
            if said is not None:
                return said
        return False


def _read(path: str) -> Patterns | None:
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with Path(path).open("rb") as file:
            return Patterns(os.fsdecode(file.read(_LARGEST_IGNORE_FILE).removeprefix(b"\xef\xbb\xbf")).split("\n"))
    except OSError:
        return None
