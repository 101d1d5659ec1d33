"""A frozen encoder and its tokenizer as training sees them: texts in, windows of whole lines, embeddings out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aicodelint.detection.encoder_torch import TorchEncoder, encoder_fingerprint
from aicodelint.detection.hub_torch import EncoderPlace, locate_encoder
from aicodelint.detection.licence import strip_licence
from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.detection.windows import WINDOW_TOKENS, windows_of
from aicodelint.training.embeddings import Tokens

LINES_DIGEST = "lines-1"
"""Changes whenever the same text is cut into other windows, so that kept embeddings are not mistaken for those of the new ones."""


class TorchTextEncoder:
    """A T5 encoder of a directory or the hub, on torch."""

    def __init__(self, place: EncoderPlace, encoder: TorchEncoder, window_tokens: int = WINDOW_TOKENS) -> None:
        self.name = place.hub or str(place.directory)
        self.place = place
        self.encoder = encoder
        self.dimension = encoder.dimension
        self.window_tokens = window_tokens
        self._content_tokens = window_tokens - len(encoder.tokenizer.prefix) - len(encoder.tokenizer.suffix)
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
        stripped = [strip_licence(text)[0] for text in texts]
        return [
            [window.ids for window in windows_of(ids, self._tokenizer.line_starts(ids), self._content_tokens)] for ids in self._tokenizer.encode(stripped)
        ]

    def encode(self, windows: Tokens) -> npt.NDArray[np.float32]:
        """Return the embedding of each window, shape (len(windows), dimension)."""
        return self.encoder.encode(windows)

    def __deepcopy__(self, memo: object) -> TorchTextEncoder:
        """Frozen weights are shared, not copied: scikit-learn clones an estimator's parameters deeply."""
        return self


def open_text_encoder(
    name: str | Path, revision: str | None = None, *, device: str = "auto", dtype: str = "auto", download: bool = False
) -> TorchTextEncoder:
    """Open the encoder of a bundle, of a directory, or of the hub."""
    return TorchTextEncoder.open(str(name), revision, device=device, dtype=dtype, download=download)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
