"""Which engine runs the encoder that a bundle holds: ONNX Runtime on a CPU, torch on a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.bundle import Bundle
from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.errors import EngineError

GRAPH = "encoder.onnx"
TORCH_FILES = ("encoder.safetensors", "config.json", "tokenizer.json")


class Encoder(Protocol):
    """From windows of token ids to embeddings."""

    dimension: int

    def encode(self, windows: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        """Return one embedding a window, shape (len(windows), dimension)."""
        ...

    def close(self) -> None:
        """Let go of threads and memory."""
        ...


def open_encoder(bundle: Bundle, device: str = "cpu", jobs: int | None = None) -> Encoder:
    """Return the encoder of ``bundle`` on ``device``; one without weights for torch runs on the CPU whatever the device.

    Raise ``BundleError`` where its files cannot be used, ``EngineError`` where torch or the device is missing.
    """
    if device == "cpu" or not set(TORCH_FILES) <= set(bundle.files):
        return OnnxEncoder(bundle.read(GRAPH), jobs)
    try:
        from aicodelint.detection.encoder_torch import TorchEncoder
    except ImportError:
        raise EngineError("the device cuda needs torch and transformers: pip install 'aicodelint[gpu]'") from None
    from aicodelint.detection.hub_torch import EncoderPlace

    for name in TORCH_FILES:
        bundle.read(name)  # compares the checksum
    return TorchEncoder.load(EncoderPlace(bundle.path), device)
