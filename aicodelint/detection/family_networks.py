"""Small networks over the cheap features that tell the families apart: asked only of texts that the gate lets through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.detection.finite import require_finite
from aicodelint.detection.mlp_head import MlpHead, read_heads
from aicodelint.errors import BundleError
from aicodelint.rules import FAMILIES

FAMILY_NETWORKS_FILE = "families.safetensors"
FAMILY_EXPERTS = ("wild", "snippet")
"""One network learnt from files of the wild, one from snippets: their authors and their habits differ."""
CLASSES = len(FAMILIES) + 1
LIMIT = 4.0
"""Standardised features are held between -LIMIT and LIMIT."""


@dataclass(frozen=True, slots=True)
class FamilyNetwork:
    """``mean`` and ``scale``, shape (f,), of the squashed features; ``layers`` from those, standardised, to the logits of the classes."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    layers: MlpHead

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the logits (n, classes) of features (n, f), a row at a time."""
        standard = np.clip((squashed(features) - self.mean) / self.scale, -LIMIT, LIMIT)
        return self.layers.logits(standard).astype(np.float64)


class FamilyNetworks:
    """The networks ``FAMILY_EXPERTS`` of a bundle."""

    def __init__(self, document: bytes) -> None:
        """Read the contents of ``families.safetensors``; raise ``BundleError`` where they do not fit together, or were made for other features."""
        heads = read_heads(document, FAMILY_EXPERTS)
        self._networks = {name: _network(document, name, heads) for name in FAMILY_EXPERTS}

    def logits(self, features: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        """Return the family logits of one text's features, shape (f,), by expert: each of shape (families + 1,), others last."""
        return {name: network.logits(features[None])[0] for name, network in self._networks.items()}


def squashed(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return features on a logarithmic scale, which keeps their signs: counts and lengths have long tails."""
    return np.asarray(np.sign(features) * np.log1p(np.abs(features)), dtype=np.float32)


def _network(document: bytes, name: str, heads: dict[str, MlpHead]) -> FamilyNetwork:
    tensors = load(document)
    many = len(FEATURE_NAMES)
    try:
        head = heads[name]
        mean, scale = (np.asarray(tensors[f"{name}.{part}"], dtype=np.float32) for part in ("mean", "scale"))
    except KeyError as error:
        raise BundleError(f"the family networks of the bundle lack {error}") from None
    if (head.dimension, head.classes) != (many, CLASSES) or mean.shape != (many,) or scale.shape != (many,):
        raise BundleError(
            f"the family networks of the bundle turn {head.dimension} features into {head.classes} logits; this version measures {many} features "
            f"and reads {CLASSES} logits: train it again"
        )
    require_finite("the family networks", (mean, scale))
    if not (scale > 0).all():
        raise BundleError("the family networks of the bundle have a scale that is not above 0")
    return FamilyNetwork(mean, scale, head)
