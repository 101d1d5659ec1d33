"""The daemon's short memory: verdicts it gave lately, as JSON text, the least recently used dropped first."""

from __future__ import annotations

from collections import OrderedDict

MAX_BYTES = 16 << 20
ENTRY_OVERHEAD_BYTES = 250


class RememberedVerdicts:
    """Verdict texts by key, at most ``limit`` bytes of them."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self.hits = 0
        self._limit = limit
        self._size = 0
        self._texts: OrderedDict[bytes, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._texts)

    def get(self, key: bytes) -> str | None:
        """Return the verdict text kept under ``key``, or None."""
        text = self._texts.get(key)
        if text is not None:
            self._texts.move_to_end(key)
            self.hits += 1
        return text

    def put(self, key: bytes, text: str) -> None:
        """Keep ``text`` under ``key``."""
        self._size += len(text) - len(self._texts.pop(key, ""))
        self._texts[key] = text
        while self._size + ENTRY_OVERHEAD_BYTES * len(self._texts) > self._limit:
            _, dropped = self._texts.popitem(last=False)
            self._size -= len(dropped)
