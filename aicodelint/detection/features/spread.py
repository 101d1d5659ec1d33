"""Mean and spread of a few numbers, faster than numpy or ``statistics`` on the short lists of one file."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean_and_spread(values: Sequence[int]) -> tuple[float, float]:
    """Return the mean and the standard deviation (of the population) of ``values``; zeros for none."""
    if not values:
        return 0.0, 0.0
    mean = sum(values) / len(values)
    return mean, math.sqrt(max(sum([value * value for value in values]) / len(values) - mean * mean, 0.0))
