"""Where a bundle draws its lines, and how honest its probabilities are: thresholds and calibration error from out-of-fold scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

GATE_RECALL = 0.99
"""Of the AI files of each group, how many the gate lets pass."""
LEAST_CONFIDENCE = 0.5
"""A family that is likelier wrong than right is not named."""


def threshold_at(human: NDArray[np.float64], rate: float) -> float:
    """Return the lowest probability, on the grid of 4 places, at or above which at most ``rate`` of the human files lie."""
    ordered = np.sort(human)[::-1]
    allowed = int(rate * len(ordered))
    return float(min(1.0, np.round(ordered[min(allowed, len(ordered) - 1)] + 1e-4, 4)))


def ai_threshold(probabilities: NDArray[np.float64], groups: Sequence[NDArray[np.bool_]], rate: float = 0.01) -> float:
    """Return the threshold that no group of human files (a mask each) oversteps ``rate`` at: modern ones do not hide behind old ones."""
    return max(threshold_at(probabilities[group], rate) for group in groups)


def gate_threshold(probabilities: NDArray[np.float64], groups: Sequence[NDArray[np.bool_]], recall: float = GATE_RECALL) -> float:
    """Return the highest threshold that lets ``recall`` of each group of AI files (a mask each) pass."""
    return min(float(np.floor(np.quantile(probabilities[group], 1 - recall) * 1e4) / 1e4) for group in groups)


def family_threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> float:
    """Return the lowest confidence from which on a named family is right at least ``precision`` of the time; 1 if there is none.

    Never below ``LEAST_CONFIDENCE``, whatever the more confident names make up for.
    """
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero((share >= precision) & (np.arange(len(order)) >= 30))
    if not len(good):
        return 1.0
    return max(LEAST_CONFIDENCE, float(np.ceil(confidence[order][good[-1]] * 1e4) / 1e4))


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal width."""
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    total = 0.0
    for place in range(bins):
        mine = places == place
        if mine.any():
            total += mine.mean() * abs(probabilities[mine].mean() - labels[mine].mean())
    return float(total)
