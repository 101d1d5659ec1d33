"""An engine that judges by a rule, for the tests of everything around the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from aicodelint.finding import Snippet, Verdict, WindowVerdict
from aicodelint.model import Model, Thresholds
from aicodelint.rules import FAMILIES

WINDOW_LINES = 10


class RuleEngine:
    """Windows of ten lines: ``delve`` makes one AI-generated, ``perhaps`` leaves it open. Fewer than 3 lines are too little."""

    name = "in-process"
    device = "cpu"

    def __init__(self, chunk: int = 4) -> None:
        self.model = Model("rule", "0123456789abcdef", FAMILIES, Thresholds(ai=0.9, human=0.5, family=0.4))
        self.chunk = chunk
        self.closed = False
        self.judged = 0

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        chunk: list[Snippet] = []
        for snippet in snippets:
            chunk.append(snippet)
            if len(chunk) == self.chunk:
                yield from map(self._one, chunk)
                chunk = []
        yield from map(self._one, chunk)

    def close(self) -> None:
        self.closed = True

    def _one(self, snippet: Snippet) -> Verdict:
        self.judged += 1
        lines = snippet.text.split("\n")
        windows = tuple(_window(lines, start) for start in range(0, len(lines), WINDOW_LINES))
        best = max(windows, key=lambda window: window.p_ai)
        if best.p_ai < 0.1:
            return Verdict(best.p_ai, None)
        return Verdict(best.p_ai, best.families, windows, too_little=len(lines) < 3)


def _window(lines: list[str], start: int) -> WindowVerdict:
    part = lines[start : start + WINDOW_LINES]
    text = "\n".join(part)
    p_ai = 0.9731 if "delve" in text else 0.7 if "perhaps" in text else 0.05
    named = next((family for family in FAMILIES if family in text), None)
    rest = round(0.39 / (len(FAMILIES) - 1), 4)
    families = tuple(0.61 if family == named else rest for family in FAMILIES)
    return WindowVerdict(start + 1, start + len(part), p_ai, families)


@pytest.fixture
def rule_engine() -> RuleEngine:
    return RuleEngine()
