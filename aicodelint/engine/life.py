"""When a daemon has lived long enough. Knows no sockets; all times are monotonic, so that a clock that jumps means nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

IDLE_SECONDS = 900.0
MEMORY_GROWTH_BYTES = 1 << 30
LOOK_SECONDS = 2.0
DRAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Retirement:
    """Why a daemon ends, and whether it starts a fresh one in its place."""

    reason: str
    hand_over: bool = False


class Life:
    """Watches one daemon: how long nobody asked, how much memory it took since it was ready, whether its code or model changed.

    ``is_changed`` says whether the package or the bundle on disk is another than the one that was loaded; ``is_findable`` whether clients
    still find the socket. Both look at the disk, and are asked every ``LOOK_SECONDS`` at most.
    """

    def __init__(
        self,
        is_changed: Callable[[], bool],
        is_findable: Callable[[], bool],
        idle_seconds: float = IDLE_SECONDS,
        memory_growth: int = MEMORY_GROWTH_BYTES,
    ) -> None:
        self.started = self.last_used = time.monotonic()
        self._is_changed = is_changed
        self._is_findable = is_findable
        self._idle_seconds = idle_seconds
        self._memory_growth = memory_growth
        self._memory_when_ready: int | None = None
        self._next_look = self.started + LOOK_SECONDS

    def touch(self) -> None:
        """Note that the daemon is being used."""
        self.last_used = time.monotonic()

    def ready(self) -> None:
        """Note that the model is loaded: memory counts from here."""
        self._memory_when_ready = memory_bytes()

    def retirement(self, busy: bool) -> Retirement | None:
        """Return why it is time to end, or None."""
        now = time.monotonic()
        if not busy and now - self.last_used > self._idle_seconds:
            return Retirement(f"nobody asked for {self._idle_seconds:g} seconds")
        if now < self._next_look:
            return None
        self._next_look = now + LOOK_SECONDS
        if not self._is_findable():
            return Retirement("the socket is gone")
        if self._memory_when_ready is not None and memory_bytes() - self._memory_when_ready > self._memory_growth:
            return Retirement(f"memory grew by more than {self._memory_growth >> 20} MiB", hand_over=True)
        return self.outdated()

    def outdated(self) -> Retirement | None:
        """Return a retirement if the package or the bundle changed on disk, looking now."""
        return Retirement("the package or the bundle changed", hand_over=True) if self._is_changed() else None


def memory_bytes() -> int:
    """Return the resident memory of this process in bytes (elsewhere than on Linux: the most it ever was)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
