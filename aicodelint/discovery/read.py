"""Bytes of files on disk, without waiting for anything that is no ordinary file."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from aicodelint.discovery import skip


class Content(NamedTuple):
    """The bytes of a file, or the reason why there are none."""

    data: bytes = b""
    reason: str | None = None


_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def read(path: str, max_bytes: int, *, follow: bool) -> Content:
    """Return the content of an ordinary file of at most ``max_bytes``; never raise, never block.

    ``follow`` says whether ``path`` may itself be a symbolic link. Devices, pipes and sockets are ``unreadable`` and not opened.
    """
    try:
        status = os.stat(path, follow_symlinks=follow)  # noqa: PTH116 (Path would normalise the name)
        reason = _objection(status, max_bytes)
        if reason is not None:
            return Content(reason=reason)
        descriptor = os.open(path, _FLAGS | (0 if follow else _NO_FOLLOW))
    except (OSError, ValueError):
        return Content(reason=skip.UNREADABLE)
    try:
        reason = _objection(os.fstat(descriptor), max_bytes)
        return Content(reason=reason) if reason is not None else _drain(descriptor, max_bytes)
    except OSError:
        return Content(reason=skip.UNREADABLE)
    finally:
        os.close(descriptor)


def _objection(status: os.stat_result, max_bytes: int) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return skip.SYMLINK
    if not stat.S_ISREG(status.st_mode):
        return skip.UNREADABLE
    return skip.TOO_BIG if status.st_size > max_bytes else None


def _drain(descriptor: int, max_bytes: int) -> Content:
    chunks = []
    left = max_bytes + 1
    while left > 0 and (chunk := os.read(descriptor, min(left, 1 << 20))):
        chunks.append(chunk)
        left -= len(chunk)
    return Content(reason=skip.TOO_BIG) if left <= 0 else Content(b"".join(chunks))
