"""From texts to token ids, a line at a time: every line of a text begins with exactly one token that starts with a newline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from aicodelint.errors import BundleError

PAD, BOS, EOS, UNK, MASK = range(5)
SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "<mask>")
_NEWLINE = "Ċ"


class CodeTokenizer:
    """The bundle's byte-level BPE. Thread-safe; a batch is encoded in Rust, outside the interpreter's lock."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self.size: int = tokenizer.get_vocab_size()
        self._starts_line = np.zeros(self.size, dtype=bool)
        for token, number in tokenizer.get_vocab().items():
            self._starts_line[number] = token.startswith(_NEWLINE)

    @classmethod
    def from_bytes(cls, document: bytes) -> CodeTokenizer:
        """Read the contents of a ``tokenizer.json``. Raises BundleError where they are none."""
        try:
            return cls(Tokenizer.from_buffer(document))
        except Exception as error:  # tokenizers raises bare Exception
            raise BundleError(f"the tokenizer cannot be read: {error}") from None

    @classmethod
    def load(cls, path: Path) -> CodeTokenizer:
        """Read the file ``path``. Raises BundleError where it is missing or not a tokenizer."""
        try:
            return cls.from_bytes(path.read_bytes())
        except OSError as error:
            raise BundleError(f"cannot read the tokenizer {path}: {error.strerror}") from None

    def encode(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return the token ids of each text, each of shape (tokens,) and type int32. Line k of a text begins at its k-th line-start token."""
        prepared = ["\n" + text.replace("\r\n", "\n") for text in texts]
        try:
            encodings = self._tokenizer.encode_batch_fast(prepared, add_special_tokens=False)
        except TypeError:  # a lone surrogate: no text in UTF-8
            prepared = [text.encode("utf-8", "replace").decode() for text in prepared]
            encodings = self._tokenizer.encode_batch_fast(prepared, add_special_tokens=False)
        return [np.asarray(encoding.ids, dtype=np.int32) for encoding in encodings]

    def line_starts(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions in ``ids`` where lines begin, shape (lines,), increasing; the first is 0."""
        return np.flatnonzero(self._starts_line[ids])

    def decode(self, ids: np.ndarray) -> str:
        """Return the text of ``ids``, with the newline that begins its first line."""
        return str(self._tokenizer.decode(ids.tolist(), skip_special_tokens=False))
