"""How the witnesses' logits become one calibrated probability, and the families' logits one distribution. Plain arithmetic, a text at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aicodelint.errors import BundleError

TYPICAL_CHARACTERS = 1500
LIMIT = 5.0
"""Witnesses' logits are standardised and held between -LIMIT and LIMIT, so that none can outshout the rest on a text unlike any it has seen."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the witnesses say of one text: logits by name (``trees.0``, ``text.1``, ``encoder``), family logits by name, and its nature."""

    logits: Mapping[str, float]
    families: Mapping[str, NDArray[np.float64]]
    characters: int
    comment_share: float


@dataclass(frozen=True, slots=True)
class Combination:
    """A logistic model over standardised logits, the text's length, its share of comments, and the products of the logits with those."""

    inputs: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercept: float

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Combination:
        """Read one combination of ``stack.json``; raise ``KeyError``, ``TypeError`` or ``ValueError`` where it is malformed."""
        inputs = tuple(str(name) for name in entry["inputs"])
        mean, scale = (np.array(entry[key], dtype=np.float64) for key in ("mean", "scale"))
        coefficients = np.array(entry["coefficients"], dtype=np.float64)
        if mean.shape != (len(inputs),) or scale.shape != mean.shape or coefficients.shape != (3 * len(inputs) + 3,):
            raise ValueError("shapes of a combination do not fit its inputs")
        return cls(inputs, mean, scale, coefficients, float(entry["intercept"]))

    def logit(self, evidence: Evidence) -> float:
        """Return the logit of P(AI) of one text; raise ``KeyError`` if a witness that is read is missing."""
        logits = np.array([[evidence.logits[name] for name in self.inputs]])
        nature = np.array([[evidence.characters, evidence.comment_share]])
        return math.fsum((design(logits, nature, self.mean, self.scale)[0] * self.coefficients).tolist()) + self.intercept


@dataclass(frozen=True, slots=True)
class FamilyCombination:
    """A weighted sum of the witnesses' family logits, a bias for each family, and a temperature."""

    weights: Mapping[str, float]
    bias: NDArray[np.float64]
    temperature: float

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> FamilyCombination:
        """Read the family part of ``stack.json``; raise ``KeyError``, ``TypeError`` or ``ValueError`` where it is malformed."""
        weights = {str(name): float(weight) for name, weight in entry["weights"].items()}
        temperature = float(entry["temperature"])
        if not weights or temperature <= 0:
            raise ValueError("the family combination has no witness or no temperature")
        return cls(weights, np.array(entry["bias"], dtype=np.float64), temperature)

    def probabilities(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return the distribution of one AI text over the families and, last, every other author: shape (families + 1,), sum 1."""
        total = self.bias.copy()
        for name, weight in self.weights.items():
            total += weight * evidence.families[name]
        total = np.exp((total - total.max()) / self.temperature)
        return np.asarray(total / total.sum(), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Stack:
    """The combinations of a bundle: ``gate`` (trees alone), ``cheap`` (every witness but the encoder), ``full`` (all; None without an encoder)."""

    gate: Combination
    cheap: Combination
    full: Combination | None
    families: FamilyCombination
    full_families: FamilyCombination | None

    @classmethod
    def load(cls, data: bytes) -> Stack:
        """Read ``stack.json``; raise ``BundleError`` where it cannot be used."""
        try:
            entry = json.loads(data)
            full, full_families = entry.get("full"), entry.get("full_families")
            return cls(
                Combination.parse(entry["gate"]),
                Combination.parse(entry["cheap"]),
                Combination.parse(full) if full else None,
                FamilyCombination.parse(entry["families"]),
                FamilyCombination.parse(full_families) if full_families else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise BundleError(f"the bundle's stack.json is malformed: {type(error).__name__} at {error}") from None


def design(logits: NDArray[np.float64], nature: NDArray[np.float64], mean: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the columns that a combination weighs, shape (n, 3k + 3), for logits (n, k) and nature (n, 2): characters, share of comments."""
    standard = np.clip((logits - mean) / scale, -LIMIT, LIMIT)
    length = np.clip(np.log(np.maximum(nature[:, :1], 1) / TYPICAL_CHARACTERS), -3.5, 3.5)
    comments = np.sqrt(nature[:, 1:])
    return np.hstack([standard, standard * length, standard * comments, length, length**2, comments])


def probability(logit: float) -> float:
    """Return the logistic of a logit, rounded to 4 places as every probability that leaves the detector."""
    return round(1 / (1 + math.exp(-min(max(logit, -40.0), 40.0))), 4)
