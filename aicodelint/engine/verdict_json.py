"""Verdicts as compact JSON values: what the cache keeps and what the daemon sends. Probabilities survive the way there and back exactly."""

from __future__ import annotations

from typing import Any

from aicodelint.finding import Verdict, WindowVerdict


def verdict_to_json(verdict: Verdict) -> list[Any]:
    """Return ``[p_ai, families or None, [[start, end, p_ai, families or None], …], too_little]``."""
    windows = [[window.start_line, window.end_line, window.p_ai, window.families] for window in verdict.windows]
    return [verdict.p_ai, verdict.families, windows, verdict.too_little]


def verdict_from_json(value: Any, families: int) -> Verdict:
    """Return the verdict that ``value`` describes, over ``families`` families; raise ``ValueError`` if it describes none."""
    try:
        p_ai, distribution, windows, too_little = value
        if not isinstance(too_little, bool):
            raise ValueError("too_little is no truth value")
        return Verdict(_probability(p_ai), _distribution(distribution, families), tuple(_window(window, families) for window in windows), too_little)
    except (TypeError, ValueError) as error:
        raise ValueError(f"not a verdict: {error}") from None


def _window(value: Any, families: int) -> WindowVerdict:
    start, end, p_ai, distribution = value
    if type(start) is not int or type(end) is not int or not 1 <= start <= end:
        raise ValueError("lines of a window")
    return WindowVerdict(start, end, _probability(p_ai), _distribution(distribution, families))


def _distribution(value: Any, families: int) -> tuple[float, ...] | None:
    if value is None:
        return None
    distribution = tuple(_probability(part) for part in value)
    if len(distribution) != families:
        raise ValueError(f"{len(distribution)} families where the model has {families}")
    return distribution


def _probability(value: Any) -> float:
    if type(value) not in (float, int) or not 0 <= value <= 1:
        raise ValueError("a probability")
    return float(value)
