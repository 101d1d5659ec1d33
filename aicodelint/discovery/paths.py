"""Names of files: from what the user typed to an absolute path, and from there to what reports show."""

from __future__ import annotations

import os
from pathlib import Path


def absolute(path: str, cwd: Path) -> str:
    """Return the absolute path of what a user typed. ``..`` after a symbolic link means what it means to the kernel."""
    joined = os.fspath(cwd / path)
    if ".." in Path(joined).parts:
        parent, name = os.path.split(joined.rstrip(os.sep))
        return os.path.realpath(joined) if name == ".." else str(Path(os.path.realpath(parent), name))
    return os.path.normpath(joined)


def below(path: str, directory: str) -> str | None:
    """Return ``path`` relative to ``directory`` (both absolute), ``"."`` for the directory itself, None when it lies outside."""
    if path == directory:
        return "."
    prefix = directory if directory.endswith(os.sep) else directory + os.sep
    return path[len(prefix) :] if path.startswith(prefix) else None


def shown(path: str, cwd: Path) -> str:
    """Return how reports name an absolute path: POSIX separators, relative to ``cwd`` when below it, always printable as UTF-8.

    Bytes of a name that are no UTF-8 show as ``\\xNN``.
    """
    relative = below(path, os.fspath(cwd))
    return printable(path if relative is None else relative)


def near(path: str, cwd: Path) -> str:
    """Prefer the name of a directory that lies below ``cwd``, where another name leads there through symbolic links."""
    if below(path, os.fspath(cwd)) is not None:
        return path
    parent, name = os.path.split(path)
    real = os.path.realpath(parent)
    for name_of_cwd in (os.fspath(cwd), os.path.realpath(cwd)):
        inner = below(f"{real}{os.sep}{name}" if name else real, name_of_cwd)
        if inner is not None:
            return os.path.normpath(f"{cwd}{os.sep}{inner}")
    return path


def printable(path: str) -> str:
    """Return a file name with POSIX separators and with undecodable bytes as ``\\xNN``, so that it can be printed and put into JSON."""
    if os.sep != "/":
        path = path.replace(os.sep, "/")
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogateescape" if _is_escaped(path) else "backslashreplace").decode("utf-8", "backslashreplace")
    return path


def _is_escaped(path: str) -> bool:
    return all(not 0xD800 <= ord(character) <= 0xDFFF or 0xDC80 <= ord(character) <= 0xDCFF for character in path)
