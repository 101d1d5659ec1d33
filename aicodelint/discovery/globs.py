"""Glob patterns that the shell left for us to expand (quoted ones, and every one on Windows)."""

from __future__ import annotations

import re

_MAGIC = re.compile(r"[*?\[]")
_CLASS = re.compile(r"\[(!?)(\]?[^\]/]*)\]")


def is_glob(path: str) -> bool:
    """Tell whether ``path`` has a character that stands for others."""
    return _MAGIC.search(path) is not None


def split(pattern: str) -> tuple[str, str]:
    """Split a pattern (POSIX separators) into the directory to walk (``""`` for the current one) and the pattern below it."""
    parts = pattern.split("/")
    first = next(number for number, part in enumerate(parts) if is_glob(part))
    base = "/".join(parts[:first])
    return (base or "/" if first and not parts[0] else base), "/".join(parts[first:])


def compile_glob(pattern: str) -> re.Pattern[str]:
    """Compile a pattern: ``*`` and ``?`` stay within one name, ``**`` crosses directories, and what lies below a match matches too.

    Use it with ``match``. As in a shell, a leading dot must be written out.
    """
    expression = ""
    for part in pattern.rstrip("/").split("/"):
        expression += r"(?:(?!\.)[^/]+/)*" if part == "**" else _part(part) + "/"
    return re.compile(f"{expression.removesuffix('/')}(?:/|$)" if not pattern.rstrip("/").endswith("**") else expression, re.DOTALL)


def _part(part: str) -> str:
    found = "" if part.startswith(".") else r"(?!\.)"
    position = 0
    while position < len(part):
        character = part[position]
        group = _CLASS.match(part, position)
        if character == "*":
            found += "" if found.endswith("[^/]*") else "[^/]*"
        elif character == "?":
            found += "[^/]"
        elif group is not None:
            content = group[2].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("^", "\\^")
            found += f"(?!/)[{'^' if group[1] else ''}{content}]"
            position = group.end() - 1
        else:
            found += re.escape(character)
        position += 1
    return found
