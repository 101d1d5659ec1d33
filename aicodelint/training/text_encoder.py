"""A frozen encoder and its tokenizer as training sees them: texts in, windows of whole lines, embeddings out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aicodelint.detection.body import prepare
from aicodelint.detection.bundle import MANIFEST, Bundle, default_path
from aicodelint.detection.checkpoint_torch import DTYPES, read_config, read_tokenizer
from aicodelint.detection.encoder_onnx import OnnxEncoder
from aicodelint.detection.encoder_torch import TorchEncoder, choose_device, encoder_fingerprint
from aicodelint.detection.hub_torch import EncoderPlace, locate_encoder, place_of_manifest
from aicodelint.detection.open_encoder import TORCH_FILES
from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.detection.windows import WINDOW_TOKENS, windows_of
from aicodelint.errors import BundleError
from aicodelint.training.embeddings import Tokens
from aicodelint.training.int8_encoder import Int8Graph, int8_graph, is_worth_int8
from aicodelint.training.parameter_ranges import check_choice

ENCODER = "encoder.onnx"
TOKENIZER = "tokenizer.json"
LINES_DIGEST = "lines-1"
"""Changes whenever the same text is cut into other windows, so that kept embeddings are not mistaken for those of the new ones."""


class TorchTextEncoder:
    """A T5 encoder of a directory or the hub, on torch."""

    def __init__(self, place: EncoderPlace, encoder: TorchEncoder, window_tokens: int = WINDOW_TOKENS, bundle: Bundle | None = None) -> None:
        self.name = place.hub or str(place.directory)
        self.place = place
        self.bundle = bundle
        self.encoder = encoder
        self.revision = place.revision
        self.device = encoder.device
        self.dimension = encoder.dimension
        self.window_tokens = window_tokens
        self._content_tokens = window_tokens - encoder.special_tokens
        self._tokenizer = CodeTokenizer(encoder.tokenizer.tokenizer)
        number_type = str(next(encoder.model.parameters()).dtype)
        self.identity = _digest(encoder_fingerprint(place), LINES_DIGEST, window_tokens)
        self.fingerprint = _digest(encoder_fingerprint(place), LINES_DIGEST, window_tokens, number_type)

    def windows(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the windows of token ids of each text, at least one each."""
        return _windows(self._tokenizer, texts, self._content_tokens)

    def encode(self, windows: Tokens) -> npt.NDArray[np.float32]:
        """Return the embedding of each window, shape (len(windows), dimension)."""
        return self.encoder.encode(windows)

    def __deepcopy__(self, memo: object) -> TorchTextEncoder:
        """Frozen weights are shared, not copied: scikit-learn clones an estimator's parameters deeply."""
        return self


class OnnxTextEncoder:
    """An encoder on ONNX Runtime, as a scan on a CPU uses it: that of a bundle, or one of a directory or the hub made int8 for the purpose.

    ``graph`` and ``document`` are the contents of ``encoder.onnx`` and ``tokenizer.json``. ``place`` holds the weights that it was made from.
    """

    def __init__(self, name: str, graph: bytes, document: bytes, window_tokens: int, *, place: EncoderPlace, bundle: Bundle | None = None) -> None:
        self.name = name
        self.graph, self.document = graph, document
        self.window_tokens = window_tokens
        self.place = place
        self.bundle = bundle
        self.revision = place.revision
        self.device = "cpu"
        self.encoder = OnnxEncoder(graph)
        self.dimension = self.encoder.dimension
        self._tokenizer = CodeTokenizer.from_bytes(document)
        self.fingerprint = _digest(hashlib.sha256(graph).hexdigest(), hashlib.sha256(document).hexdigest(), LINES_DIGEST, window_tokens)
        self.identity = self.fingerprint

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> OnnxTextEncoder:
        """Open the encoder of ``bundle``."""
        return cls(
            str(bundle.path), bundle.read(ENCODER), bundle.read(TOKENIZER), bundle.window_tokens, place=EncoderPlace(bundle.path), bundle=bundle
        )

    @classmethod
    def exported(cls, place: EncoderPlace, made: Int8Graph) -> OnnxTextEncoder:
        """Open the encoder at ``place`` as the int8 graph ``made`` of it."""
        tokenizer = read_tokenizer(place.directory, read_config(place.directory).vocab_size)
        wrapped = len(tokenizer.prefix) + len(tokenizer.suffix)
        document = tokenizer.tokenizer.to_str().encode()
        opened = cls(place.hub or str(place.directory), made.path.read_bytes(), document, WINDOW_TOKENS - wrapped, place=place)
        opened.identity = _digest(encoder_fingerprint(place), LINES_DIGEST, WINDOW_TOKENS)
        return opened

    def windows(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the windows of token ids of each text, at least one each."""
        return _windows(self._tokenizer, texts, self.window_tokens)

    def encode(self, windows: Tokens) -> npt.NDArray[np.float32]:
        """Return the embedding of each window, shape (len(windows), dimension)."""
        return self.encoder.encode([np.asarray(window) for window in windows])

    def __getstate__(self) -> dict[str, Any]:
        """Leave the session out, which cannot be pickled: joblib sends an estimator's parameters to other processes."""
        return {name: value for name, value in self.__dict__.items() if name != "encoder"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the session anew."""
        self.__dict__.update(state)
        self.encoder = OnnxEncoder(self.graph)

    def __deepcopy__(self, memo: object) -> OnnxTextEncoder:
        """Frozen weights are shared, not copied: scikit-learn clones an estimator's parameters deeply."""
        return self


AnyTextEncoder = TorchTextEncoder | OnnxTextEncoder


def open_text_encoder(
    name: str | Path | None,
    revision: str | None = None,
    *,
    device: str = "auto",
    dtype: str = "auto",
    download: bool = False,
    say: Callable[[str], None] = lambda message: None,
) -> AnyTextEncoder:
    """Open the encoder of a bundle (None: the one that ships), of a directory, or of the hub; raise ``AicodelintError`` if it cannot be used.

    A bundle's encoder runs on ONNX Runtime, as it does in a scan, unless there is a GPU and the bundle holds what runs there. A bundle that
    only names its encoder opens that one. ``dtype`` ``int8`` is the fast way on a CPU: the encoder as it would scan there; ``auto`` takes it on a
    CPU for an encoder that is large enough to be worth it and whose embeddings stay the same. ``say`` is told what was chosen.
    """
    check_choice("number type", dtype, ("auto", *DTYPES, "int8"))
    on_gpu = choose_device(device).type == "cuda"
    path = default_path() if name is None else Path(name)
    if not (path / MANIFEST).is_file():
        if name is None:
            raise BundleError(f"{path} is not a bundle: there is no {MANIFEST}")
        return _open_place(locate_encoder(str(name), revision, download), device, dtype, say)
    bundle = Bundle.open(path)
    named = bundle.manifest.get("encoder")
    if isinstance(named, dict):
        return _open_place(place_of_manifest(named, path), device, dtype, say)
    if dtype != "int8" and on_gpu and set(TORCH_FILES) <= set(bundle.files):
        bundle.verify()
        place = EncoderPlace(path)
        return TorchTextEncoder(place, TorchEncoder.load(place, device, dtype), bundle.window_tokens, bundle)
    return OnnxTextEncoder.of_bundle(bundle)


def _open_place(place: EncoderPlace, device: str, dtype: str, say: Callable[[str], None]) -> AnyTextEncoder:
    if dtype == "int8":
        made = int8_graph(place, say)
        say(made.sentence())
        return OnnxTextEncoder.exported(place, made)
    if dtype == "auto" and choose_device(device).type == "cpu" and is_worth_int8(read_config(place.directory)):
        made = int8_graph(place, say)
        if made.agrees:
            say(f"{made.sentence()}; the new bundle will hold it (--dtype fp32: a bundle under 1 MB that names it, at a third of the speed)")
            return OnnxTextEncoder.exported(place, made)
        say(f"{made.sentence()}: too far; going on in fp32")
    return TorchTextEncoder(place, TorchEncoder.load(place, device, dtype))


def _windows(tokenizer: CodeTokenizer, texts: Sequence[str], longest: int) -> list[Tokens]:
    encoded = tokenizer.encode([prepare(text, None) for text in texts])
    return [[window.ids for window in windows_of(ids, tokenizer.line_starts(ids), longest)] for ids in encoded]


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
