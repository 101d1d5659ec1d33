"""The encoder on torch: what runs on a GPU, and what can be fine-tuned. Same embeddings as the ONNX encoder, within rounding.

Windows are sorted by length and batched under a token budget, so that little is padding; batches are launched one ahead of the one that is
read back, so that the device waits for the host once a batch at most; and when memory runs out the budget is halved and the batch tried again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import T5EncoderModel

from aicodelint.detection.checkpoint_torch import DTYPES, read_config, read_encoder, read_tokenizer, weight_files
from aicodelint.detection.hub_tokenizer import HubTokenizer
from aicodelint.detection.hub_torch import EncoderPlace
from aicodelint.errors import EngineError, ParameterError

GPU_BATCH_TOKENS = 32768
CPU_BATCH_TOKENS = 2048
LENGTH_STEP = 8
HASH_BLOCK = 1 << 22


class TorchEncoder:
    """A frozen T5 encoder with mean pooling. ``dimension`` is the width of an embedding.

    Windows come without the special tokens that the model expects around a text; they are put there here.
    """

    def __init__(self, model: T5EncoderModel, tokenizer: HubTokenizer, batch_tokens: int | None = None) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.dimension: int = model.config.d_model
        self._device = next(model.parameters()).device
        self._pad = int(model.config.pad_token_id or 0)
        self._batch_tokens = batch_tokens or (CPU_BATCH_TOKENS if self._device.type == "cpu" else GPU_BATCH_TOKENS)

    @classmethod
    def load(cls, place: EncoderPlace, device: str = "auto", dtype: str = "auto", batch_tokens: int | None = None) -> TorchEncoder:
        """Load the encoder at ``place``.

        ``dtype`` is ``fp32``, ``fp16``, ``bf16`` or ``auto`` (bf16 on a device that has it, fp32 on a CPU). Raise ``BundleError`` for files
        that cannot be used, ``EngineError`` where the device is not there or has too little memory.
        """
        chosen = choose_device(device)
        kind = choose_dtype(dtype, chosen)
        config = read_config(place.directory)
        tokenizer = read_tokenizer(place.directory, config.vocab_size)
        try:
            model = read_encoder(place.directory, config, kind, chosen)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise EngineError(f"out of memory: the encoder's weights do not fit on {chosen.type}; try --dtype bf16 or --device cpu") from None
            raise
        return cls(model, tokenizer, batch_tokens)

    @property
    def device(self) -> str:
        """Where it runs: ``cpu`` or ``cuda``."""
        return str(self._device.type)

    def close(self) -> None:
        """Let go of the device's memory that is not in use."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def special_tokens(self) -> int:
        """How many tokens are put around a window: it has to be so much shorter than the model's longest input."""
        return len(self.tokenizer.prefix) + len(self.tokenizer.suffix)

    @property
    def batch_tokens(self) -> int:
        """The token budget of a batch, padding included; halved whenever memory ran out."""
        return self._batch_tokens

    def encode(self, windows: Sequence[Sequence[int] | npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Return the mean of the last hidden states of each window of token ids, shape (len(windows), dimension).

        Raise ``EngineError`` when not even one window fits into memory.
        """
        result = np.zeros((len(windows), self.dimension), np.float32)
        wrapped = [self.wrap(window) for window in windows]
        order = sorted((index for index, window in enumerate(wrapped) if len(window)), key=lambda index: -len(wrapped[index]))
        launched: _Launched | None = None
        start = 0
        with torch.inference_mode(), _fast_cpu_matmul(self._device):
            while start < len(order):
                batch = order[start : start + max(1, self._batch_tokens // _padded(len(wrapped[order[start]])))]
                try:
                    following = self._launch([wrapped[index] for index in batch], batch)
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
                    self._shrink(len(batch), len(wrapped[batch[0]]))
                    continue
                start += len(batch)
                if launched is not None:
                    launched.write(result)
                launched = following
            if launched is not None:
                launched.write(result)
        return result

    def wrap(self, window: Sequence[int] | npt.NDArray[np.int32]) -> torch.Tensor:
        """Return a window with the special tokens around it, int64 of shape (tokens,)."""
        parts = (self.tokenizer.prefix, window, self.tokenizer.suffix)
        return torch.from_numpy(np.concatenate([np.asarray(part, np.int64) for part in parts]))

    def _launch(self, windows: Sequence[torch.Tensor], places: list[int]) -> _Launched:
        """Start one batch, padded to its longest window, and the copy of its embeddings back to the host."""
        lengths = torch.tensor([len(window) for window in windows])
        ids = torch.full((len(windows), _padded(int(lengths.max()))), self._pad, dtype=torch.int64)
        for row, window in zip(ids, windows, strict=True):
            row[: len(window)] = window
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        if self._device.type == "cpu":
            return _Launched(places, mean_pool(self.model, ids, mask), None)
        ids, mask = (tensor.pin_memory().to(self._device, non_blocking=True) for tensor in (ids, mask))
        pooled = mean_pool(self.model, ids, mask)
        host = torch.empty(pooled.shape, dtype=pooled.dtype, pin_memory=True)
        host.copy_(pooled, non_blocking=True)
        done = torch.cuda.Event()
        done.record()
        return _Launched(places, host, done)

    def _shrink(self, rows: int, length: int) -> None:
        """Halve the token budget after a batch of ``rows`` windows of up to ``length`` tokens did not fit."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if rows == 1:
            raise EngineError(
                f"out of memory: not even one window of {length} tokens fits on {self._device.type}; use a smaller encoder or --device cpu"
            )
        self._batch_tokens = rows // 2 * _padded(length)


@dataclass(frozen=True, slots=True)
class _Launched:
    """A batch under way: which rows of the result it fills, its embeddings on the host, and the event after which they are there."""

    places: list[int]
    embeddings: torch.Tensor
    done: Any

    def write(self, result: npt.NDArray[np.float32]) -> None:
        if self.done is not None:
            self.done.synchronize()
        result[self.places] = self.embeddings.numpy()


def mean_pool(model: T5EncoderModel, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean over the unmasked tokens of the last hidden states, in fp32, shape (batch, d_model)."""
    hidden = model(input_ids=ids, attention_mask=mask.to(torch.int64)).last_hidden_state
    weights = mask.to(torch.float32)
    total = torch.bmm(weights[:, None, :], hidden.to(torch.float32)).squeeze(1)
    return total / weights.sum(1, keepdim=True)


def choose_device(name: str) -> torch.device:
    """Return what ``auto``, ``cpu`` or ``cuda`` stands for; raise ``EngineError`` where it is not there, ``ParameterError`` for another name."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in {"cpu", "cuda"}:
        raise ParameterError(f"unknown device {name!r}: choose auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise EngineError("there is no CUDA device here, or this torch was built without CUDA")
    return torch.device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the number type for ``fp32``, ``fp16``, ``bf16`` or ``auto`` on ``device``; raise ``ParameterError`` for another name."""
    if name == "auto":
        if device.type == "cpu":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if name not in DTYPES:
        raise ParameterError(f"unknown number type {name!r}: choose auto, {', '.join(DTYPES)}")
    return DTYPES[name]


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether ``error`` says that a device or the host has no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error) or "not enough memory" in str(error)


def encoder_fingerprint(place: EncoderPlace) -> str:
    """Return a hex digest that changes with any byte of the encoder's configuration, tokenizer or weights."""
    digest = hashlib.sha256()
    files = [place.directory / "config.json", place.directory / "tokenizer.json", *weight_files(place.directory)]
    for path in files:
        if not path.is_file():
            continue
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK):
                digest.update(block)
    return digest.hexdigest()[:32]


def _padded(length: int) -> int:
    return -(-length // LENGTH_STEP) * LENGTH_STEP


@contextlib.contextmanager
def _fast_cpu_matmul(device: torch.device) -> Iterator[None]:
    """Let fp32 products on a CPU go through oneDNN, twice as fast as MKL on AMD; on a GPU the same switch would cost precision."""
    if device.type != "cpu":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
