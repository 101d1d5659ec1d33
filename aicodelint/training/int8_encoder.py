"""An encoder of a directory or the hub as the int8 graph that scans run on a CPU: made once, compared with what it was made from, and kept."""

from __future__ import annotations

import json
import os
import sysconfig
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from transformers import T5Config

from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.encoder_torch import TorchEncoder, encoder_fingerprint
from aicodelint.detection.hub_torch import EncoderPlace
from aicodelint.engine.cache_directory import cache_directory
from aicodelint.errors import UsageError

WORTH_PARAMETERS = 40_000_000
"""Matrix weights from which on it pays without being asked: making the graph takes as long as embedding some dozens of files."""
LEAST_COSINE = 0.999
CHECKED_WINDOWS = 12
CHECKED_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Int8Graph:
    """The graph at ``path``, and the median and the least cosine between its embeddings and those of fp32 on some windows of code."""

    path: Path
    median: float
    least: float

    @property
    def agrees(self) -> bool:
        """Whether embeddings are near enough to those of fp32 that nobody needs to be asked."""
        return self.median >= LEAST_COSINE

    def sentence(self) -> str:
        """Return the figures as one line."""
        return f"the encoder runs in int8; its embeddings have a cosine of {self.median:.4f} (at least {self.least:.4f}) to those of fp32"


def is_worth_int8(config: T5Config) -> bool:
    """Return whether an encoder of this shape can be exported and is so large that making it int8 pays."""
    plain = not config.is_gated_act and config.dense_act_fn == "relu"
    layer = config.d_model * (4 * config.num_heads * config.d_kv + 2 * config.d_ff)
    return plain and config.num_layers * layer >= WORTH_PARAMETERS


def int8_graph(place: EncoderPlace, say: Callable[[str], None] = lambda message: None) -> Int8Graph:
    """Return the int8 graph of the encoder at ``place``, made and compared if it is not in the user's cache.

    Raise ``UsageError`` for a variant of T5 that cannot be exported, or where the cache cannot be written.
    """
    from aicodelint.training.hub_export import export_hub_encoder

    directory = cache_directory() / "encoders"
    path = directory / f"{encoder_fingerprint(place)}.int8.onnx"
    record = path.with_suffix(".json")
    known = _read(path, record)
    if known is not None:
        return known
    say("making the encoder int8, once (a minute or so for 220m)")
    encoder = TorchEncoder.load(place, "cpu", "fp32")
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        document = export_hub_encoder(encoder, partial)
        made = _compared(encoder, document, path)
        partial.replace(path)
        figures = {name: value for name, value in asdict(made).items() if name != "path"}
        record.write_text(json.dumps(figures), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot keep the int8 encoder in {directory}: {error.strerror}; --dtype fp32 does without") from None
    finally:
        partial.unlink(missing_ok=True)
    return made


def cosines(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the cosine between each row of ``one`` and the same row of ``other``, shape (n,)."""
    first, second = one.astype(np.float64), other.astype(np.float64)
    return np.asarray((first * second).sum(1) / (np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)).clip(1e-12))


def _compared(encoder: TorchEncoder, document: bytes, path: Path) -> Int8Graph:
    small = OnnxEncoder(document)
    try:
        found = cosines(small.encode(windows := _some_windows(encoder)), encoder.encode(windows))
    finally:
        small.close()
    return Int8Graph(path, round(float(np.median(found)), 6), round(float(found.min()), 6))


def _some_windows(encoder: TorchEncoder) -> list[npt.NDArray[np.int32]]:
    """Return the beginnings of some files of Python's own library."""
    paths = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    texts = [path.read_text(encoding="utf-8", errors="replace")[: 8 * CHECKED_TOKENS] for path in paths[:: max(1, len(paths) // CHECKED_WINDOWS)]]
    ids = (encoder.tokenizer.tokenizer.encode(text, add_special_tokens=False).ids[:CHECKED_TOKENS] for text in texts if text.strip())
    return [np.array(found, np.int32) for found in ids if found][:CHECKED_WINDOWS]


def _read(path: Path, record: Path) -> Int8Graph | None:
    try:
        figures = json.loads(record.read_text(encoding="utf-8"))
        return Int8Graph(path, float(figures["median"]), float(figures["least"])) if path.is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
