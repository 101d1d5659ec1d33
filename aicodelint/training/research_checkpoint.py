"""Reads the ``.pth`` head checkpoint of the research system: tensors and plain values alone, nothing in it is executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from aicodelint.detection.checkpoint_torch import read_pickled_tensors
from aicodelint.detection.hub_torch import DEFAULT_HUB_ENCODER, DEFAULT_HUB_REVISION
from aicodelint.errors import BundleError

STATE_NAMES = ("classifier_state_dict", "head_state_dict", "classifier", "head", "model_state_dict", "state_dict")
"""The names under which such checkpoints keep the head's weights; a checkpoint may also be the weights themselves."""
PARAMETERS = ("max_epochs", "learning_rate", "batch_size", "early_stopping", "validation_fraction", "patience")


@dataclass(frozen=True, slots=True)
class ResearchHead:
    """The tensors of Linear(d, width), ReLU, Dropout, Linear(width, n) by the names of a ``Sequential``, and what is said beside them."""

    tensors: dict[str, torch.Tensor]
    width: int
    classes: tuple[int, ...]
    parameters: dict[str, Any]
    encoder: str
    revision: str | None


def read_research_checkpoint(path: Path) -> ResearchHead:
    """Read a checkpoint; raise ``BundleError`` where it is damaged, holds more than tensors and plain values, or no such head."""
    values = read_pickled_tensors(path)
    weights = _head_weights(values, path)
    hyper = values.get("hyperparameters", values.get("config", values))
    hyper = hyper if isinstance(hyper, Mapping) else {}
    width, outputs = int(weights["0.weight"].shape[0]), int(weights["3.weight"].shape[0])
    encoder = hyper.get("model_name", values.get("model_name"))
    encoder = encoder if isinstance(encoder, str) else DEFAULT_HUB_ENCODER
    return ResearchHead(
        tensors=weights,
        width=width,
        classes=_classes(values, outputs, path),
        parameters={name: hyper[name] for name in PARAMETERS if isinstance(hyper.get(name), int | float | bool)},
        encoder=encoder,
        revision=DEFAULT_HUB_REVISION if encoder == DEFAULT_HUB_ENCODER else None,
    )


def _head_weights(values: Mapping[str, Any], path: Path) -> dict[str, torch.Tensor]:
    """Return the two linear layers as ``0`` and ``3``, whatever the checkpoint calls them."""
    state: Mapping[str, Any] = next((values[name] for name in STATE_NAMES if isinstance(values.get(name), Mapping)), values)
    layers: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        prefix, _, kind = str(name).rpartition(".")
        if isinstance(tensor, torch.Tensor) and kind in {"weight", "bias"} and not prefix.startswith(("encoder.", "shared")):
            layers.setdefault(prefix, {})[kind] = tensor
    linear = [layer for layer in layers.values() if len(layer) == 2 and layer["weight"].dim() == 2]
    if len(linear) != 2 or linear[0]["weight"].shape[0] != linear[1]["weight"].shape[1]:
        raise BundleError(f"{path} holds no head of two linear layers")
    return {f"{place}.{kind}": tensor for place, layer in zip((0, 3), linear, strict=True) for kind, tensor in layer.items()}


def _classes(values: Mapping[str, Any], outputs: int, path: Path) -> tuple[int, ...]:
    """Return the label ids of the outputs: those in the checkpoint, else 1, 2, … as in the research system."""
    given = values.get("classes_", values.get("classes"))
    if given is None:
        return tuple(range(1, outputs + 1))
    given = given.tolist() if isinstance(given, torch.Tensor) else list(given)
    if len(given) != outputs:
        raise BundleError(f"{path} has {outputs} outputs and {len(given)} classes")
    return tuple(int(label) for label in given)
