"""A bundle as policy and reports need to know it. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FamilyThreshold = float | Mapping[str, float]
"""One confidence for all families, or each family's own by name."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a bundle draws its lines, on probabilities rounded to 4 places.

    ``ai``: at or above it a file is called AI-generated. ``human``: below it a file is called human; between the two it is undetermined.
    ``family``: a family is named from this confidence on, which may be each family's own.
    """

    ai: float
    human: float
    family: FamilyThreshold


@dataclass(frozen=True, slots=True)
class Model:
    """Name, fingerprint (hex, changes with any byte of the bundle), family labels by id from 1, thresholds."""

    name: str
    fingerprint: str
    families: tuple[str, ...]
    thresholds: Thresholds


def enough_for(threshold: FamilyThreshold, family: str) -> float:
    """Return the confidence from which on ``family`` is named."""
    return threshold[family] if isinstance(threshold, Mapping) else threshold
