"""The pattern language of ``.gitignore``, as git reads it: each pattern speaks of one path, never of what lies below it.

``pathspec`` lets a pattern speak for everything below a match as well, which gives wrong answers where nested files override each other
(``!build`` in a folder whose parent ignores ``*.o``), and its expressions backtrack without bound on hostile patterns. This is linear.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LONGEST = 4096
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """``segments`` match the names of a path one by one, None standing for any number of them; a floating one looks at the last name only."""

    ignores: bool
    only_directories: bool
    floating: bool
    segments: tuple[re.Pattern[str] | None, ...]

    def match(self, names: Sequence[str], directory: bool) -> bool:
        if self.only_directories and not directory:
            return False
        if self.floating:
            segment = self.segments[0]
            return segment is None or segment.match(names[-1]) is not None
        return _match(self.segments, names)


class Patterns:
    """An ordered list of patterns, the last that matches a path having the say."""

    def __init__(self, lines: Iterable[str]) -> None:
        parsed = (_parse(line) for line in lines)
        self._patterns = tuple(reversed([pattern for pattern in parsed if pattern is not None]))

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def check(self, path: str, *, directory: bool) -> bool | None:
        """Return whether a path (POSIX, relative to the directory of the patterns) is ignored, or None when no pattern speaks of it."""
        names = path.split("/")
        for pattern in self._patterns:
            if pattern.match(names, directory):
                return pattern.ignores
        return None


def _parse(line: str) -> _Pattern | None:
    text = line.removesuffix("\r")
    stripped = text.rstrip(" ")
    if (len(stripped) - len(stripped.rstrip("\\"))) % 2 and len(text) > len(stripped):
        stripped += " "
    ignores = not stripped.startswith("!")
    text = stripped if ignores else stripped[1:]
    if not text or stripped.startswith("#") or len(text) > _LONGEST:
        return None
    only_directories = text.endswith("/")
    text = text.removesuffix("/")
    parts = text.removeprefix("/").split("/")
    floating = "/" not in text
    if not text or (floating and not parts[0]):
        return None
    segments: list[re.Pattern[str] | None] = []
    parts[:-1] = [part[:-1] if (len(part) - len(part.rstrip("\\"))) % 2 else part for part in parts[:-1]]  # an escaped slash is a slash
    for part in parts:
        if len(part) > 1 and not part.strip("*"):
            if not segments or segments[-1] is not None or floating:
                segments.append(None)
        else:
            segments.append(_compile(part))
    return _Pattern(ignores, only_directories, floating, tuple(segments))


def _compile(segment: str) -> re.Pattern[str]:
    """Compile the pattern of one name by way of ``fnmatch``, whose expressions do not backtrack over stars."""
    found = ""
    position = 0
    while position < len(segment):
        character = segment[position]
        if character == "\\":
            position += 1
            if position == len(segment):
                return _NOTHING
            found += _literal(segment[position])
        elif character == "[":
            group, position = _group(segment, position + 1)
            if group is None:
                return _NOTHING
            found += f"[{group}]"
        else:
            found += character
        position += 1
    return re.compile(fnmatch.translate(found))


def _literal(character: str) -> str:
    return f"[{character}]" if character in "*?[" else character


def _group(segment: str, position: int) -> tuple[str | None, int]:
    """Return the inside of a ``[…]`` group in the way of ``fnmatch``, and where its bracket closes; None when it never does."""
    negated = segment[position : position + 1] in ("!", "^")
    position += negated
    members = ""
    first = True
    while position < len(segment) and (first or segment[position] != "]"):
        first = False
        if segment.startswith("[:", position) and (end := segment.find(":]", position)) > 0:
            members += _CLASSES.get(segment[position + 2 : end], "")
            position = end + 2
            continue
        position += segment[position] == "\\"
        members += segment[position : position + 1]
        position += 1
    if position >= len(segment) or not members:
        return None, position
    if "]" in members:
        members = "]" + members.replace("]", "")
    if members.startswith(("!", "^")) and not negated:
        members = members[1:] + members[0] if len(members) > 1 else members
    return ("!" if negated else "") + members, position


def _match(segments: tuple[re.Pattern[str] | None, ...], names: Sequence[str]) -> bool:
    """Match as a glob is matched: on failure only the nearest ``**`` behind has to take one name more. A last ``**`` takes at least one."""
    number = position = 0
    again: tuple[int, int] | None = None
    while position < len(names):
        if number < len(segments):
            segment = segments[number]
            if segment is None:
                if number == len(segments) - 1:
                    return True
                again = (number, position)
                number += 1
                continue
            if segment.match(names[position]):
                number += 1
                position += 1
                continue
        if again is None:
            return False
        number, position = again[0] + 1, again[1] + 1
        again = (again[0], position)
    return number == len(segments)
