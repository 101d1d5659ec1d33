"""A file that appears whole or not at all: written beside its place under a name of its own, and moved there at the end.

The name is random and the file must be new: a repository that is scanned may hold a link of any name that could be foreseen, and writing through
it would overwrite a file of the user's.
"""

from __future__ import annotations

import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import TextIO


class AtomicFile:
    """What becomes ``target`` on ``commit``, with the permissions ``mode`` (None: those that ``target`` has). A link at ``target`` is replaced."""

    def __init__(self, target: Path, mode: int | None = None) -> None:
        self.target = target
        self.part = target.with_name(f".{secrets.token_hex(8)}.aicodelint-part")
        self._mode = mode
        self._stream: TextIO | None = None

    def open(self, errors: str = "strict") -> TextIO:
        """Make the file and return it open for UTF-8 with line ends as they are; ``errors`` is as in ``open``. Raise ``OSError``."""
        self._stream = self.part.open("x", encoding="utf-8", errors=errors, newline="\n")
        if self._mode is not None:
            self.part.chmod(self._mode)
        else:
            with suppress(OSError):
                self._take_permissions()
        return self._stream

    def commit(self) -> None:
        """Put what was written in its place, through ``open`` or by another opening ``part`` anew (mode ``x``). Raise ``OSError``."""
        if self._stream is not None:
            self._stream.close()
        self.part.replace(self.target)

    def discard(self) -> None:
        """Remove what was not moved. The name is ours alone, so it may go even if a signal came before we knew that it was made."""
        with suppress(OSError):
            if self._stream is not None:
                self._stream.close()
        with suppress(OSError):
            self.part.unlink()

    def _take_permissions(self) -> None:
        there = self.target.lstat().st_mode
        if stat.S_ISREG(there):
            self.part.chmod(stat.S_IMODE(there))


def write_text(target: Path, text: str, *, mode: int | None = None, errors: str = "strict") -> None:
    """Write ``text`` to ``target``, whole or not at all; raise ``OSError``."""
    file = AtomicFile(target, mode)
    try:
        file.open(errors).write(text)
        file.commit()
    finally:
        file.discard()
