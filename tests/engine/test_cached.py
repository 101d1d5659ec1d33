from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from aicodelint.engine.cache import VerdictCache
from aicodelint.engine.cached import MAX_HELD_HITS, CachedEngine
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model, Thresholds


class LengthEngine:
    """Judges a text by its length, ``chunk`` texts at a time, and counts what it was asked."""

    name, device = "in-process", "cpu"
    model = Model("m", "f", ("A",), Thresholds(0.9, 0.5, 0.5))

    def __init__(self, chunk: int = 4) -> None:
        self.chunk = chunk
        self.judged = 0
        self.closed = False

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        waiting: list[Snippet] = []
        for snippet in snippets:
            waiting.append(snippet)
            if len(waiting) == self.chunk:
                yield from self._judge(waiting)
                waiting = []
        yield from self._judge(waiting)

    def _judge(self, snippets: list[Snippet]) -> list[Verdict]:
        self.judged += len(snippets)
        return [verdict_of(snippet) for snippet in snippets]

    def close(self) -> None:
        self.closed = True


def verdict_of(snippet: Snippet) -> Verdict:
    return Verdict(len(snippet.text) / 10_000, None)


def numbered(numbers: Iterable[int]) -> list[Snippet]:
    return [Snippet("x" * number, "Python") for number in numbers]


@pytest.mark.parametrize("known", [range(0), range(0, 40, 2), range(10, 30), range(40)])
def test_verdicts_come_in_order_whatever_is_known(known: range, tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    first = CachedEngine(LengthEngine(), VerdictCache(LengthEngine.model, path, pytest.fail))
    list(first.judge(numbered(known)))
    first.close()
    inner = LengthEngine()
    engine = CachedEngine(inner, VerdictCache(inner.model, path, pytest.fail))
    snippets = numbered(range(40))
    assert list(engine.judge(snippets)) == [verdict_of(snippet) for snippet in snippets]
    assert inner.judged == 40 - len(known)
    assert engine.hits == len(known)
    engine.close()
    assert inner.closed


def test_it_reads_only_so_far_ahead(tmp_path: Path) -> None:
    inner = LengthEngine()
    engine = CachedEngine(inner, VerdictCache(inner.model, tmp_path / "cache.sqlite"))
    known = Snippet("known", None)
    list(engine.judge([known]))
    read = 0

    def snippets() -> Iterator[Snippet]:
        nonlocal read
        yield Snippet("new", None)
        for read in range(5 * MAX_HELD_HITS):  # noqa: B007
            yield known

    assert next(iter(engine.judge(snippets()))) == verdict_of(Snippet("new", None))
    assert read <= MAX_HELD_HITS
    assert len(list(engine.judge(snippets()))) == 5 * MAX_HELD_HITS + 1
