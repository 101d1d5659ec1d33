"""Why a file is not judged: the reasons that reports show, and the checks that need only a path or the shape of a text."""

from __future__ import annotations

import posixpath
import re

BINARY = "binary"
TOO_BIG = "too-big"
MINIFIED = "minified"
GENERATED = "generated"
VENDORED = "vendored"
EMPTY = "empty"
TOO_SHORT = "too-short"
NOT_CODE = "not-code"
UNSUPPORTED_LANGUAGE = "unsupported-language"
UNREADABLE = "unreadable"
SYMLINK = "symlink"
SUBMODULE = "submodule"
UNMERGED = "unmerged"
EXCLUDED = "excluded"
INVALID_NOTEBOOK = "invalid-notebook"

REASONS = frozenset(
    {
        BINARY,
        TOO_BIG,
        MINIFIED,
        GENERATED,
        VENDORED,
        EMPTY,
        TOO_SHORT,
        NOT_CODE,
        UNSUPPORTED_LANGUAGE,
        UNREADABLE,
        SYMLINK,
        SUBMODULE,
        UNMERGED,
        EXCLUDED,
        INVALID_NOTEBOOK,
    }
)
"""Every reason that a ``SourceFile`` of this package can have; users and other programs hold on to these words."""

FEWEST_CHARACTERS = 40
"""A text with fewer non-blank characters than this is ``too-short``."""

_VENDOR_DIRECTORIES = frozenset(
    {
        "node_modules",
        "bower_components",
        "jspm_packages",
        "vendor",
        "vendors",
        "_vendor",
        "third_party",
        "third-party",
        "thirdparty",
        "3rdparty",
        "3rd_party",
        "godeps",
        "carthage",
        "pods",
        "site-packages",
        "dist-packages",
        "__pypackages__",
        ".venv",
        ".tox",
        ".nox",
        ".eggs",
    }
)
_LONG_LINE = 200
_MINIFIED_NAME = re.compile(r"[.\-]min\.(?:js|mjs|cjs)$")
_BLANKS = re.compile(r"\s")


def is_vendored(path: str) -> bool:
    """Tell whether a directory on ``path`` (POSIX, relative to what is scanned) is one that holds other people's code."""
    return any(part.lower() in _VENDOR_DIRECTORIES for part in posixpath.dirname(path).split("/"))


def too_little(text: str) -> str | None:
    """Return ``empty`` or ``too-short`` for a text with next to nothing in it, else None."""
    found = 0
    for match in re.finditer(r"\S+", text):
        found += match.end() - match.start()
        if found >= FEWEST_CHARACTERS:
            return None
    return TOO_SHORT if found else EMPTY


def is_minified(name: str, text: str) -> bool:
    """Tell whether a text was squeezed by a machine: most of it stands in very long lines that have next to no blanks."""
    if _MINIFIED_NAME.search(name):
        return True
    if len(text) < 5 * _LONG_LINE:
        return False
    long_lines = [line for line in text.split("\n") if len(line) > _LONG_LINE]
    mass = sum(map(len, long_lines))
    if mass * 2 < len(text):
        return False
    blanks = sum(len(_BLANKS.findall(line)) for line in long_lines)
    return blanks * 16 < mass
