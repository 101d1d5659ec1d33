"""The heads: from embeddings to logits. Plain numpy, one row at a time, so that no batch size can change a bit of a result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from safetensors.numpy import load

from aicodelint.detection.finite import require_finite
from aicodelint.errors import BundleError

TENSORS = ("ai.weight", "ai.bias", "family.weight", "family.bias")


@dataclass(frozen=True, slots=True)
class Head:
    """Linear heads on one embedding: ``ai`` (3, d) for AI over all code, AI over wild code, and wild or not; ``family`` (families, d)."""

    ai_weight: np.ndarray
    ai_bias: np.ndarray
    family_weight: np.ndarray
    family_bias: np.ndarray

    @classmethod
    def from_bytes(cls, document: bytes) -> Head:
        """Read the contents of ``head.safetensors``. Raises BundleError where they do not fit together."""
        try:
            tensors = load(document)
            head = cls(*(np.ascontiguousarray(tensors[name], dtype=np.float32) for name in TENSORS))
        except Exception as error:  # safetensors raises its own, numpy and dict theirs
            raise BundleError(f"the head cannot be read: {error}") from None
        width = head.ai_weight.shape[-1]
        if head.ai_weight.shape != (3, width) or head.family_weight.shape != (len(head.family_bias), width) or head.ai_bias.shape != (3,):
            raise BundleError("the head cannot be read: its tensors do not fit together")
        require_finite("the head", (head.ai_weight, head.ai_bias, head.family_weight, head.family_bias))
        return head

    @property
    def dimension(self) -> int:
        """The width of the embeddings it takes."""
        return int(self.ai_weight.shape[1])

    def logits(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the AI logits (n, 3) and the family logits (n, families), float32, of embeddings (n, d)."""
        return _rows(embeddings, self.ai_weight, self.ai_bias), _rows(embeddings, self.family_weight, self.family_bias)


def combine(values: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Return one row for a file of several windows, shape (k,): the mean of ``values`` (windows, k) weighted by their ``tokens`` (windows,)."""
    weight = tokens.astype(np.float64)[:, None] / max(1, int(tokens.sum()))
    return np.asarray((values.astype(np.float64) * weight).sum(axis=0), dtype=np.float32)


def _rows(embeddings: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    found = np.empty((len(embeddings), len(weight)), dtype=np.float32)
    for number, row in enumerate(embeddings):
        found[number] = (weight * row).sum(axis=1) + bias
    return found
