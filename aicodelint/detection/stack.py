"""How the witnesses' logits become one calibrated probability, and the families' logits one distribution. Plain arithmetic, a text at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.family_networks import CLASSES
from aicodelint.errors import BundleError

TYPICAL_CHARACTERS = 1500
LENGTH_LIMIT = 3.5
"""A length counts by the logarithm of its ratio to the typical one, held between -LENGTH_LIMIT and LENGTH_LIMIT."""
KIND_INPUT = "trees.kind"
FLOOR = -5.0
LIMIT = 5.0
"""Witnesses' logits are standardised and held between -LIMIT and LIMIT, so that none can outshout the rest on a text unlike any it has seen."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the witnesses say of one text: logits by name (``trees.wild``, ``text.1``, ``encoder.0``), family logits by name, and its nature."""

    logits: Mapping[str, float]
    families: Mapping[str, NDArray[np.float64]]
    characters: int
    comment_share: float


@dataclass(frozen=True, slots=True)
class Combination:
    """A logistic model over standardised logits, the text's length, comments and kind, and the products of the logits with those.

    It weighs the columns of ``design``, one text at a time and without numpy, which would cost more than the trees themselves.
    """

    inputs: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Combination:
        """Read one combination of ``stack.json``; raise ``KeyError``, ``TypeError`` or ``ValueError`` where it is malformed."""
        inputs = tuple(str(name) for name in entry["inputs"])
        mean, scale, coefficients = (tuple(float(value) for value in entry[key]) for key in ("mean", "scale", "coefficients"))
        if len(mean) != len(inputs) or len(scale) != len(inputs) or len(coefficients) != 4 * len(inputs) + 5:
            raise ValueError("shapes of a combination do not fit its inputs")
        intercept = float(entry["intercept"])
        if not all(map(math.isfinite, (*mean, *scale, *coefficients, intercept))) or not all(scale):
            raise ValueError("a combination holds a number that is not finite, or a scale of 0")
        return cls(inputs, mean, scale, coefficients, intercept)

    def logit(self, evidence: Evidence) -> float:
        """Return the logit of P(AI) of one text; raise ``KeyError`` if a witness that is read is missing."""
        weights, total = self._weigh(evidence)
        for name, weight, mean, scale in zip(self.inputs, weights, self.mean, self.scale, strict=True):
            total += weight * min(max((evidence.logits[name] - mean) / scale, -LIMIT), LIMIT)
        return total

    def undecided(self, evidence: Evidence, absent: Collection[str]) -> float:
        """Return the logit of one text if the witnesses ``absent`` were undecided: at their means."""
        means = {name: mean for name, mean in zip(self.inputs, self.mean, strict=True) if name in absent}
        return self.logit(replace(evidence, logits={**evidence.logits, **means}))

    def sway(self, evidence: Evidence, absent: Collection[str]) -> float:
        """Return how far the witnesses ``absent`` could move the logit of one text from where it is undecided, either way, at most."""
        weights, _ = self._weigh(evidence)
        return LIMIT * math.fsum(abs(weight) for name, weight in zip(self.inputs, weights, strict=True) if name in absent)

    def _weigh(self, evidence: Evidence) -> tuple[list[float], float]:
        """Return what each standardised logit counts for in this text, and the logit of the text if all of them were 0."""
        length = min(max(math.log(max(evidence.characters, 1) / TYPICAL_CHARACTERS), -LENGTH_LIMIT), LENGTH_LIMIT)
        comments = math.sqrt(evidence.comment_share)
        kind = _logistic(evidence.logits[KIND_INPUT])
        own, many = self.coefficients, len(self.inputs)
        parts = zip(own[:many], own[many : 2 * many], own[2 * many : 3 * many], own[3 * many : 4 * many], strict=True)
        weights = [alone + by_length * length + by_comments * comments + by_kind * kind for alone, by_length, by_comments, by_kind in parts]
        of_length, of_square, of_comments, of_kind, of_both = own[4 * many :]
        offset = of_length * length + of_square * length**2 + of_comments * comments + of_kind * kind + of_both * kind * length
        return weights, self.intercept + offset


@dataclass(frozen=True, slots=True)
class FamilyExpert:
    """A weighted sum of family logits, after each witness's are made log-probabilities, and a bias for each family."""

    weights: Mapping[str, float]
    bias: NDArray[np.float64]

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> FamilyExpert:
        """Read one expert of ``stack.json``; raise ``KeyError``, ``TypeError`` or ``ValueError`` where it is malformed."""
        weights = {str(name): float(weight) for name, weight in entry["weights"].items()}
        bias = np.array(entry["bias"], dtype=np.float64)
        if bias.shape != (CLASSES,) or not np.isfinite(bias).all() or not all(map(math.isfinite, weights.values())):
            raise ValueError(f"an expert's bias is not {CLASSES} finite numbers, or a weight of its is not finite")
        return cls(weights, bias)

    def probabilities(self, families: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the distribution over families and others that the witnesses' logits give, shape (families + 1,)."""
        total = self.bias.copy()
        for name, weight in self.weights.items():
            total += weight * family_evidence(families[name], len(total))
        return np.exp(log_softmax(total))


@dataclass(frozen=True, slots=True)
class FamilyCombination:
    """Two experts, one for files of the wild and one for snippets, mixed by the kind of the text."""

    wild: FamilyExpert
    snippet: FamilyExpert

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> FamilyCombination:
        """Read the family part of ``stack.json``; raise ``KeyError``, ``TypeError`` or ``ValueError`` where it is malformed."""
        return cls(FamilyExpert.parse(entry["wild"]), FamilyExpert.parse(entry["snippet"]))

    def probabilities(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return the distribution of one AI text over the families and, last, every other author: shape (families + 1,), sum 1."""
        kind = _logistic(evidence.logits[KIND_INPUT])
        return kind * self.wild.probabilities(evidence.families) + (1 - kind) * self.snippet.probabilities(evidence.families)


@dataclass(frozen=True, slots=True)
class Stack:
    """The combinations of a bundle: ``gate`` (trees alone), ``cheap`` (every witness but the encoder), ``full`` (all; None without an encoder)."""

    gate: Combination
    cheap: Combination
    full: Combination | None
    families: FamilyCombination

    @classmethod
    def load(cls, data: bytes) -> Stack:
        """Read ``stack.json``; raise ``BundleError`` where it cannot be used."""
        try:
            entry = json.loads(data)
            full = entry.get("full")
            return cls(
                Combination.parse(entry["gate"]),
                Combination.parse(entry["cheap"]),
                Combination.parse(full) if full else None,
                FamilyCombination.parse(entry["families"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
            raise BundleError(f"the bundle's stack.json is malformed: {type(error).__name__} at {error}") from None


def design(logits: NDArray[np.float64], nature: NDArray[np.float64], mean: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the columns that a combination weighs, shape (n, 4k + 5), for logits (n, k) and nature (n, 3).

    ``nature`` holds the characters of a text, its share of comments, and the logit of its being like a file of the wild.
    """
    standard = np.clip((logits - mean) / scale, -LIMIT, LIMIT)
    length = np.clip(np.log(np.maximum(nature[:, :1], 1) / TYPICAL_CHARACTERS), -LENGTH_LIMIT, LENGTH_LIMIT)
    comments = np.sqrt(nature[:, 1:2])
    kind = 1 / (1 + np.exp(-np.clip(nature[:, 2:], -40, 40)))
    return np.hstack([standard, standard * length, standard * comments, standard * kind, length, length**2, comments, kind, kind * length])


def family_evidence(logits: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """Return log-probabilities over ``classes``, none below ``FLOOR``: no witness can rule a family out.

    A witness that knows no other authors (the last class) gives them the mean of its logits.
    """
    if logits.shape[-1] < classes:
        logits = np.concatenate([logits, logits.mean(axis=-1, keepdims=True)], axis=-1)
    return np.maximum(log_softmax(logits), FLOOR)


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def probability(logit: float) -> float:
    """Return the logistic of a logit, rounded to 4 places as every probability that leaves the detector.

    Raise ``BundleError`` for NaN: no threshold is above it, so that it would pass for human.
    """
    if math.isnan(logit):
        raise BundleError("the bundle's models give no number for a text: their weights are damaged")
    return round(_logistic(logit), 4)


def _logistic(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -40.0), 40.0)))
