"""Any engine with the cache before it: only texts that were never judged reach the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from aicodelint.engine.base import Engine
from aicodelint.engine.cache import VerdictCache
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model

MAX_HELD_HITS = 512


class CachedEngine:
    """Judges like ``inner``, but asks ``cache`` first and tells it what is new. Counts in ``hits`` what the cache knew."""

    def __init__(self, inner: Engine, cache: VerdictCache) -> None:
        self.model: Model = inner.model
        self.hits = 0
        self._inner = inner
        self._cache = cache

    @property
    def name(self) -> str:
        """The name of the engine that judges what the cache does not know."""
        return self._inner.name

    @property
    def device(self) -> str:
        """The device of that engine."""
        return self._inner.device

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        """Yield one verdict for each snippet, in order."""
        ahead = _LookAhead(self._cache, iter(snippets))
        while not ahead.exhausted:
            for verdict in self._inner.judge(ahead.misses()):
                yield from self._hits(ahead)
                key, _ = ahead.held.popleft()
                self._cache.put(key, verdict)
                yield verdict
            yield from self._hits(ahead)

    def close(self) -> None:
        """Close the cache and the engine."""
        self._cache.close()
        self._inner.close()

    def _hits(self, ahead: _LookAhead) -> Iterator[Verdict]:
        while ahead.held and ahead.held[0][1] is not None:
            verdict = ahead.held.popleft()[1]
            self.hits += 1
            assert verdict is not None
            yield verdict


class _LookAhead:
    """Reads snippets for the inner engine, holding back in order what the cache knew: at most ``MAX_HELD_HITS`` of them at a time."""

    def __init__(self, cache: VerdictCache, snippets: Iterator[Snippet]) -> None:
        self.held: deque[tuple[bytes, Verdict | None]] = deque()
        self.exhausted = False
        self._cache = cache
        self._snippets = snippets

    def misses(self) -> Iterator[Snippet]:
        hits = 0
        while hits < MAX_HELD_HITS:
            snippet = next(self._snippets, None)
            if snippet is None:
                self.exhausted = True
                return
            key = self._cache.key(snippet)
            verdict = self._cache.get(key)
            self.held.append((key, verdict))
            if verdict is None:
                yield snippet
            else:
                hits += 1
