"""A counter on stderr for scans that take a while, on a terminal only."""

from __future__ import annotations

import sys
import time

QUIET_SECONDS = 1.0
REFRESH_SECONDS = 0.1


class Progress:
    """``Scanned 1,234 files``, rewritten in place. Shows nothing where stderr is no terminal or the scan is short."""

    def __init__(self, enabled: bool = True) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._next = time.monotonic() + QUIET_SECONDS
        self._shown = False
        self._files = 0

    def step(self) -> None:
        """Count one file."""
        self._files += 1
        if self._enabled and (now := time.monotonic()) >= self._next:
            self._next = now + REFRESH_SECONDS
            self._shown = True
            sys.stderr.write(f"\r\x1b[KScanned {self._files:,} files")
            sys.stderr.flush()

    def hide(self) -> None:
        """Clear the line, so that something else can be written."""
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
