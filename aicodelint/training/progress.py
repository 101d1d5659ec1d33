"""A line on stderr that says how far a long step is, rewritten in place on a terminal, absent elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

REFRESH_SECONDS = 0.2
BAR_WIDTH = 24


class ProgressLine:
    """``Embedding [#####-----] 1,200/2,400 3.1/s``: called with how much is done and of how much."""

    def __init__(self, label: str, enabled: bool = True) -> None:
        self._label = label
        self._enabled = enabled and sys.stderr.isatty()
        self._started = time.monotonic()
        self._next = self._started
        self._shown = False

    def __enter__(self) -> ProgressLine:
        return self

    def __call__(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""
        now = time.monotonic()
        if not self._enabled or now < self._next:
            return
        self._next = now + REFRESH_SECONDS
        filled = BAR_WIDTH * done // max(total, 1)
        rate = done / max(now - self._started, 1e-9)
        sys.stderr.write(f"\r\x1b[K{self._label} [{'#' * filled}{'-' * (BAR_WIDTH - filled)}] {done:,}/{total:,} {rate:,.1f}/s")
        sys.stderr.flush()
        self._shown = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
