"""Which lines a patch of ``git diff -U0`` adds or alters, file by file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

Lines = tuple[tuple[int, int], ...]
"""Inclusive 1-based ranges of lines of the new file, in order."""

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_NAMES = (b"+++ ", b"rename to ", b"copy to ")


def changed_lines(patch: Iterable[bytes]) -> dict[str, Lines | None]:
    """Return the changed lines of each file in a patch given line by line; None for a file that git takes for binary.

    The patch must have the prefixes ``a/`` and ``b/`` and no context lines. Hunks are counted, so that no line of a file is taken for a header.
    """
    found: dict[str, Lines | None] = {}
    section = _Section()
    left = 0
    for line in patch:
        if left and line[:1] in (b"+", b"-"):
            left -= 1
        elif line.startswith(b"diff --git "):
            section.put_into(found)
            section = _Section(_twin(line[11:]))
            left = 0
        elif match := _HUNK.match(line):
            removed, start, added = (int(group) if group is not None else 1 for group in match.groups())
            left = removed + added
            if added:
                section.ranges.append((start, start + added - 1))
        elif line.startswith(_NAMES):
            section.rename(line)
        elif line.startswith((b"Binary files ", b"GIT binary patch")):
            section.binary = True
    section.put_into(found)
    return found


class _Section:
    """What the patch says of one file."""

    def __init__(self, path: bytes | None = None) -> None:
        self.path = path
        self.ranges: list[tuple[int, int]] = []
        self.binary = False

    def rename(self, line: bytes) -> None:
        name = line.split(b" ", 1)[1] if line.startswith(b"+++ ") else line.split(b" to ", 1)[1]
        if line.startswith(b"+++ "):
            name = name.removesuffix(b"\t")
            if name == b"/dev/null":
                return
            name = unquote(name).removeprefix(b"b/")
        else:
            name = unquote(name)
        self.path = name

    def put_into(self, found: dict[str, Lines | None]) -> None:
        if self.path is not None:
            found[os.fsdecode(self.path)] = None if self.binary else tuple(self.ranges)


def unquote(name: bytes) -> bytes:
    """Return a file name as it is, from git's C-style quotes where it has them."""
    if len(name) < 2 or not (name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8) & 255]) if len(match[1]) == 3 else _ESCAPES.get(match[1], match[1]), name[1:-1])


def _twin(names: bytes) -> bytes | None:
    """Return the file name of a ``diff --git a/NAME b/NAME`` line, where both are the same."""
    middle = len(names) // 2
    if len(names) % 2 == 0 or names[middle : middle + 1] != b" ":
        return None
    old, new = unquote(names[:middle]), unquote(names[middle + 1 :])
    return new[2:] if old[:2] == b"a/" and new[:2] == b"b/" and old[2:] == new[2:] else None
