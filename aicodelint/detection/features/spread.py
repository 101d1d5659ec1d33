"""Mean and spread of the whole numbers of one file, faster and more exact than numpy or ``statistics`` on the few there are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def mean_and_spread(values: Sequence[int]) -> tuple[float, float]:
    """Return the mean and the standard deviation (of the population) of ``values``; zeros for none."""
    return _from_sums(len(values), sum(values), sum([value * value for value in values]))


def mean_and_spread_of_array(values: NDArray[np.int64]) -> tuple[float, float]:
    """Return the same for an array of shape (n,) whose squares add up to less than 2**63."""
    return _from_sums(len(values), int(np.add.reduce(values)), int(values @ values))


def _from_sums(count: int, total: int, squares: int) -> tuple[float, float]:
    if not count:
        return 0.0, 0.0
    # In whole numbers until the root: nothing cancels.
    return total / count, math.sqrt(count * squares - total * total) / count
