"""What a training's parameters may be: each check returns nothing and raises ``ParameterError``, one line that names parameter and value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from aicodelint.errors import ParameterError

LARGEST = 2**31 - 1
LARGEST_SEED = 2**32 - 1
"""What scikit-learn and numpy take; torch would take more."""


def check_whole(name: str, value: object, lowest: int, highest: int = LARGEST) -> None:
    """Require a whole number from ``lowest`` to ``highest``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not lowest <= int(value) <= highest:
        raise ParameterError(f"{name} must be a whole number from {lowest} to {highest}, not {value!r}")


def check_share(name: str, value: object, *, with_one: bool = False) -> None:
    """Require a number from 0 to 1, without 1 itself unless ``with_one``."""
    if not _is_number(value) or not 0 <= float(value) <= 1 or (float(value) == 1 and not with_one):  # type: ignore[arg-type]
        raise ParameterError(f"{name} must be {'from 0 to 1' if with_one else 'at least 0 and below 1'}, not {value!r}")


def check_finite(name: str, value: object, *, with_zero: bool = False) -> None:
    """Require a finite number above 0, or 0 itself where ``with_zero``."""
    if not _is_number(value) or not 0 <= float(value) < math.inf or (float(value) == 0 and not with_zero):  # type: ignore[arg-type]
        raise ParameterError(f"{name} must be finite and {'at least' if with_zero else 'above'} 0, not {value!r}")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Require one of ``choices``."""
    if value not in choices:
        raise ParameterError(f"unknown {name} {value!r}: choose one of {', '.join(choices)}")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
