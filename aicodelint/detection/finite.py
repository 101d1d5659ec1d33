"""Numbers of a bundle that are none: every comparison with NaN is false, so that whatever they touch would pass for human."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aicodelint.errors import BundleError


def require_finite(what: str, arrays: Iterable[NDArray[Any]]) -> None:
    """Raise ``BundleError`` where one of ``arrays`` holds NaN or an infinity."""
    if not all(bool(np.isfinite(array).all()) for array in arrays):
        raise BundleError(f"the bundle cannot be used: there are numbers in {what} that are not finite")
