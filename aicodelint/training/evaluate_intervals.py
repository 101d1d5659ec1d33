"""Figures of a ranking from histograms of its scores, and how sure they are: a bootstrap over whole clusters of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEVELS = 10_001
"""Scores are P(AI) in ten-thousandths: a histogram of them holds all that a ranking can say."""
RESAMPLES = 1000
FEWEST_RESAMPLES = 200
FEWEST_CLUSTERS = 5
MOST_WORK = 100_000_000
"""Rows times resamples: beyond it there are fewer resamples."""
COVERAGE = (2.5, 97.5)

Histogram = npt.NDArray[np.float64]
Figure = Callable[[Histogram, Histogram], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of a figure over the resamples."""

    low: float
    high: float


def area(ai: Histogram, human: Histogram) -> float:
    """Return how often an AI row scores above a human one, ties counting half; NaN without either."""
    total = ai.sum() * human.sum()
    below = np.cumsum(human) - human
    return float((ai * (below + human / 2)).sum() / total) if total else float("nan")


def found_at(ai: Histogram, human: Histogram, rate: float = 0.01) -> float:
    """Return the highest share of AI rows that any threshold finds at which at most ``rate`` of the human rows are flagged."""
    level = level_at(human, rate)
    return float(ai[level:].sum() / ai.sum()) if ai.sum() else float("nan")


def level_at(human: Histogram, rate: float) -> int:
    """Return the lowest score from which on at most ``rate`` of the human rows lie; LEVELS where there is none."""
    flagged = np.cumsum(human[::-1])[::-1]
    return int((flagged > rate * human.sum() * (1 + 1e-12)).sum())


def histogram(score: npt.NDArray[np.int64], weight: npt.NDArray[np.float64] | None = None) -> Histogram:
    """Return how many rows have each score, shape (LEVELS,)."""
    return np.bincount(score, weight, minlength=LEVELS).astype(np.float64)


def intervals(
    score: npt.NDArray[np.int64],
    ai: npt.NDArray[np.bool_],
    flagged: npt.NDArray[np.bool_],
    clusters: npt.NDArray[np.int64] | None,
    seed: int,
) -> dict[str, Interval]:
    """Return the intervals of ``auc``, ``found_at_1``, ``tpr`` and ``fpr`` over resampled clusters (None: every row is its own), each shape (n,).

    A figure without an interval (too few clusters, resamples that lack one of the labels or are all alike) is left out.
    """
    _, cluster = np.unique(np.arange(len(score)) if clusters is None else clusters, return_inverse=True)
    number = int(cluster.max()) + 1 if len(cluster) else 0
    if number < FEWEST_CLUSTERS:
        return {}
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in ("auc", "found_at_1", "tpr", "fpr")}
    for _ in range(min(RESAMPLES, max(FEWEST_RESAMPLES, MOST_WORK // len(score)))):
        weight = np.bincount(random.integers(number, size=number), minlength=number).astype(np.float64)[cluster]
        machine, human = histogram(score[ai], weight[ai]), histogram(score[~ai], weight[~ai])
        drawn["auc"].append(area(machine, human))
        drawn["found_at_1"].append(found_at(machine, human) if human.sum() else float("nan"))
        drawn["tpr"].append(_share(flagged[ai], weight[ai]))
        drawn["fpr"].append(_share(flagged[~ai], weight[~ai]))
    return {name: interval for name, values in drawn.items() if (interval := _interval(values)) is not None}


def _share(flagged: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64]) -> float:
    total = weight.sum()
    return float(weight[flagged].sum() / total) if total else float("nan")


def _interval(values: list[float]) -> Interval | None:
    found = np.array(values)
    found = found[np.isfinite(found)]
    if len(found) < 0.95 * len(values):
        return None
    low, high = np.percentile(found, COVERAGE)
    return Interval(float(low), float(high)) if low < high else None
