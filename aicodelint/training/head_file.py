"""A trained head as one file: safetensors with a JSON header, or, to be read only, the ``.pth`` checkpoint of the research system."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from aicodelint.errors import BundleError
from aicodelint.training.heads import HeadShape, build_head
from aicodelint.training.research_checkpoint import read_research_checkpoint

FORMAT = 1
HEADER = "aicodelint"


@dataclass(frozen=True, slots=True)
class SavedHead:
    """A head, the classes of its outputs, the parameters it was trained with, and the encoder it belongs to.

    ``encoder`` None is the one of the bundle that ships. ``fingerprint`` is that of the encoder; None where the file does not say.
    """

    head: nn.Sequential
    shape: HeadShape
    classes: tuple[Any, ...]
    parameters: dict[str, Any]
    encoder: str | None
    revision: str | None
    fingerprint: str | None


def write_head(path: Path, saved: SavedHead) -> None:
    """Write ``saved`` to ``path``."""
    description = {
        "format": FORMAT,
        "shape": asdict(saved.shape),
        "classes": saved.classes,
        "parameters": saved.parameters,
        "encoder": saved.encoder,
        "revision": saved.revision,
        "fingerprint": saved.fingerprint,
    }
    tensors = {name: tensor.contiguous() for name, tensor in saved.head.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, str(path), metadata={HEADER: json.dumps(description)})


def read_head(path: Path) -> SavedHead:
    """Read a head; raise ``BundleError`` for a file that is missing, damaged, of another shape, or holds more than tensors."""
    if not path.is_file():
        raise BundleError(f"there is no file {path}")
    if path.suffix in {".pth", ".pt", ".bin"}:
        found = read_research_checkpoint(path)
        shape = HeadShape(found.width)
        head = loaded_head(found.tensors, shape, path)
        return SavedHead(head, shape, found.classes, found.parameters, found.encoder, found.revision, None)
    try:
        with safe_open(str(path), framework="pt") as file:
            description = json.loads((file.metadata() or {})[HEADER])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        shape = HeadShape(**description["shape"])
        classes = tuple(description["classes"])
        saved = (description["parameters"], description["encoder"], description["revision"], description["fingerprint"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path} is damaged or no head of aicodelint: {error}") from None
    head = loaded_head(tensors, shape, path)
    if head[-1].out_features != len(classes):
        raise BundleError(f"{path} has {head[-1].out_features} outputs and {len(classes)} classes")
    return SavedHead(head, shape, classes, *saved)


def loaded_head(tensors: dict[str, torch.Tensor], shape: HeadShape, path: Path) -> nn.Sequential:
    """Return a head of ``shape`` with these weights, in evaluation mode; raise ``BundleError`` where they do not fit it."""
    try:
        first = tensors["0.weight"]
        last = tensors[max((name for name in tensors if name.endswith(".weight")), key=lambda name: int(name.split(".")[0]))]
        head = build_head(int(first.shape[1]), int(last.shape[0]), shape)
        head.load_state_dict({name: tensor.to(torch.float32) for name, tensor in tensors.items()})
    except (KeyError, ValueError, IndexError, RuntimeError) as error:
        raise BundleError(f"{path}: the weights do not have the shape of the head that is described: {str(error)[:200]}") from None
    return head.eval()
