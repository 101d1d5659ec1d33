"""The heads of a user's own bundle, and the family networks of the default one: Linear, (LayerNorm,) ReLU, …, Linear, from an embedding to logits.

Plain numpy, one row at a time, so that no batch size can change a bit of a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from aicodelint.detection.finite import require_finite
from aicodelint.errors import BundleError

LAYER_NORM_EPSILON = 1e-5
Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class MlpHead:
    """Linear layers have a weight (out, in), normalising ones a weight (width,); ReLU stands between a hidden layer and the next linear one."""

    layers: tuple[Layer, ...]

    @property
    def dimension(self) -> int:
        """The width of the embeddings it takes."""
        return int(self.layers[0][0].shape[1])

    @property
    def classes(self) -> int:
        """The number of logits it gives."""
        return len(self.layers[-1][0])

    def logits(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (n, classes) of embeddings (n, d), float32; raise ``BundleError`` where they leave the range of floats."""
        found = np.empty((len(embeddings), self.classes), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # numpy would warn on stderr of what is refused below
            for number, row in enumerate(embeddings):
                found[number] = self._row(row)
        require_finite("what the head makes of a text", (found,))
        return found

    def _row(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        for place, (weight, bias) in enumerate(self.layers):
            if weight.ndim == 1:
                centred = x - x.mean()
                x = centred / np.sqrt((centred * centred).mean() + LAYER_NORM_EPSILON) * weight + bias
                continue
            if place:
                x = np.maximum(x, 0)
            x = (weight * x).sum(axis=1) + bias
        return x


def read_heads(document: bytes, names: tuple[str, ...]) -> dict[str, MlpHead]:
    """Return the heads called ``names`` that the contents of a safetensors file hold; raise ``BundleError`` where they do not fit together."""
    try:
        tensors: Mapping[str, NDArray[np.float32]] = load(document)
    except Exception as error:  # safetensors raises its own
        raise BundleError(f"the head cannot be read: {error}") from None
    return {name: _head(tensors, name) for name in names if any(key.startswith(f"{name}.") for key in tensors)}


def _head(tensors: Mapping[str, NDArray[np.float32]], name: str) -> MlpHead:
    try:
        numbers = sorted({int(key.split(".")[1]) for key in tensors if key.startswith(f"{name}.") and key.split(".")[1].isdecimal()})
        layers = tuple(
            (np.ascontiguousarray(tensors[f"{name}.{number}.weight"], np.float32), np.ascontiguousarray(tensors[f"{name}.{number}.bias"], np.float32))
            for number in numbers
        )
    except KeyError as error:
        raise BundleError(f"the head cannot be read: it lacks {error}") from None
    except ValueError:  # a number of thousands of digits
        raise BundleError("the head cannot be read: a tensor's name makes no sense") from None
    require_finite("the head", (part for layer in layers for part in layer))
    width = layers[0][0].shape[-1] if layers else 0
    for weight, bias in layers:
        if bias.shape != weight.shape[:1] or weight.shape[-1] != width or weight.ndim > 2:
            raise BundleError("the head cannot be read: its tensors do not fit together")
        width = len(weight)
    if not layers or layers[0][0].ndim != 2 or layers[-1][0].ndim != 2:
        raise BundleError("the head cannot be read: it begins or ends with no linear layer")
    return MlpHead(layers)
