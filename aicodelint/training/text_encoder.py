"""A frozen encoder and its tokenizer as training sees them: texts in, windows of whole lines, embeddings out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aicodelint.detection.bundle import MANIFEST, Bundle, default_path
from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.encoder_torch import TorchEncoder, choose_device, encoder_fingerprint
from aicodelint.detection.hub_torch import EncoderPlace, locate_encoder, place_of_manifest
from aicodelint.detection.lexing import prepare
from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.detection.windows import WINDOW_TOKENS, windows_of
from aicodelint.errors import BundleError
from aicodelint.training.embeddings import Tokens

ENCODER = "encoder.onnx"
TOKENIZER = "tokenizer.json"
LINES_DIGEST = "lines-1"
"""Changes whenever the same text is cut into other windows, so that kept embeddings are not mistaken for those of the new ones."""


class TorchTextEncoder:
    """A T5 encoder of a directory or the hub, on torch."""

    def __init__(self, place: EncoderPlace, encoder: TorchEncoder, window_tokens: int = WINDOW_TOKENS) -> None:
        self.name = place.hub or str(place.directory)
        self.place = place
        self.encoder = encoder
        self.revision = place.revision
        self.device = encoder.device
        self.dimension = encoder.dimension
        self.window_tokens = window_tokens
        self._content_tokens = window_tokens - encoder.special_tokens
        self._tokenizer = CodeTokenizer(encoder.tokenizer.tokenizer)
        number_type = str(next(encoder.model.parameters()).dtype)
        self.fingerprint = _digest(encoder_fingerprint(place), LINES_DIGEST, window_tokens, number_type)

    @classmethod
    def open(
        cls,
        name: str,
        revision: str | None = None,
        *,
        device: str = "auto",
        dtype: str = "auto",
        batch_tokens: int | None = None,
        download: bool = False,
    ) -> TorchTextEncoder:
        """Open the encoder ``name`` (a directory, or a hub name); raise ``AicodelintError`` if it cannot be used."""
        place = locate_encoder(name, revision, download)
        return cls(place, TorchEncoder.load(place, device, dtype, batch_tokens))

    def windows(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the windows of token ids of each text, at least one each."""
        return _windows(self._tokenizer, texts, self._content_tokens)

    def encode(self, windows: Tokens) -> npt.NDArray[np.float32]:
        """Return the embedding of each window, shape (len(windows), dimension)."""
        return self.encoder.encode(windows)

    def __deepcopy__(self, memo: object) -> TorchTextEncoder:
        """Frozen weights are shared, not copied: scikit-learn clones an estimator's parameters deeply."""
        return self


class BundleTextEncoder:
    """The encoder of a bundle on ONNX Runtime, as a scan on a CPU uses it."""

    def __init__(self, bundle: Bundle, jobs: int | None = None) -> None:
        self.name = str(bundle.path)
        self.bundle = bundle
        self.encoder = OnnxEncoder(bundle.read(ENCODER), jobs)
        self.dimension = self.encoder.dimension
        self.revision = None
        self.device = "cpu"
        self.window_tokens = bundle.window_tokens
        self._tokenizer = CodeTokenizer.from_bytes(bundle.read(TOKENIZER))
        self.fingerprint = _digest(bundle.files[ENCODER], bundle.files[TOKENIZER], LINES_DIGEST, bundle.window_tokens)

    def windows(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the windows of token ids of each text, at least one each."""
        return _windows(self._tokenizer, texts, self.bundle.window_tokens)

    def encode(self, windows: Tokens) -> npt.NDArray[np.float32]:
        """Return the embedding of each window, shape (len(windows), dimension)."""
        return self.encoder.encode([np.asarray(window) for window in windows])

    def __deepcopy__(self, memo: object) -> BundleTextEncoder:
        """Frozen weights are shared, not copied: scikit-learn clones an estimator's parameters deeply."""
        return self


def open_text_encoder(
    name: str | Path | None, revision: str | None = None, *, device: str = "auto", dtype: str = "auto", download: bool = False
) -> TorchTextEncoder | BundleTextEncoder:
    """Open the encoder of a bundle (None: the one that ships), of a directory, or of the hub; raise ``AicodelintError`` if it cannot be used.

    A bundle's encoder runs on ONNX Runtime, as it does in a scan, unless there is a GPU and the bundle holds what runs there. A bundle that
    only names its encoder opens that one.
    """
    path = default_path() if name is None else Path(name)
    if not (path / MANIFEST).is_file():
        if name is None:
            raise BundleError(f"{path} is not a bundle: there is no {MANIFEST}")
        return TorchTextEncoder.open(str(name), revision, device=device, dtype=dtype, download=download)
    bundle = Bundle.open(path)
    named = bundle.manifest.get("encoder")
    if isinstance(named, dict):
        return TorchTextEncoder(place := place_of_manifest(named, path), TorchEncoder.load(place, device, dtype))
    if choose_device(device).type == "cuda" and "encoder.safetensors" in bundle.files:
        bundle.verify()
        return TorchTextEncoder(EncoderPlace(path), TorchEncoder.load(EncoderPlace(path), device, dtype), bundle.window_tokens)
    return BundleTextEncoder(bundle)


def _windows(tokenizer: CodeTokenizer, texts: Sequence[str], longest: int) -> list[Tokens]:
    encoded = tokenizer.encode([prepare(text, None) for text in texts])
    return [[window.ids for window in windows_of(ids, tokenizer.line_starts(ids), longest)] for ids in encoded]


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
