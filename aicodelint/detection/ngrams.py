"""Hashed n-grams of several views of a text, and the linear witnesses over them. Linear in the text's size, numpy only."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.finite import require_finite
from aicodelint.detection.lexing import Lexed
from aicodelint.errors import BundleError

BITS = 18
BUCKETS = 1 << BITS
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0x100000001B3)
_SHIFT = np.uint64(64 - BITS)
_SHAPE = bytes(
    ord("a") if 97 <= c <= 122 else ord("A") if 65 <= c <= 90 else ord("0") if 48 <= c <= 57 else 128 if c > 127 else c for c in range(256)
)
_TOKEN = re.compile(r"[^\W\d_]+|\d+|_+|\n[ \t]*|[^\w\s]")
_PROSE_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[^\w\s]|\n[ \t]*")


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a text: a sequence of symbols and the lengths of the runs of them that are counted."""

    name: str
    symbols: Callable[[Lexed], NDArray[np.uint64]]
    orders: tuple[int, ...]


def hashed_counts(symbols: NDArray[np.uint64], orders: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the buckets that the n-grams of a sequence fall into, ascending, and their weights: 1 + log of the count, scaled to length 1."""
    parts = []
    code = symbols
    for order in range(1, max(orders) + 1):
        if order > 1:
            if len(code) < 2:
                break
            code = code[:-1] * _STEP + symbols[order - 1 :]
        if order in orders:
            parts.append(((code + np.uint64(order)) * _MIX) >> _SHIFT)
    if not parts or not len(parts[0]):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    buckets, counts = np.unique(np.concatenate(parts).astype(np.int32), return_counts=True)
    weights = (1 + np.log(counts)).astype(np.float32)
    return buckets.astype(np.int64), weights / np.float32(np.sqrt(np.square(weights, dtype=np.float64).sum()))


def _text(lexed: Lexed) -> NDArray[np.uint64]:
    return _bytes(lexed.text.encode("utf-8", "replace"))


def _comments(lexed: Lexed) -> NDArray[np.uint64]:
    return _bytes("\n".join(comment.text for comment in lexed.comments).encode("utf-8", "replace"))


def _shape(lexed: Lexed) -> NDArray[np.uint64]:
    """Return the bytes with letters and digits made alike, runs of the same letter, digit, or blank class shortened to at most two."""
    data = np.frombuffer(lexed.text.encode("utf-8", "replace").translate(_SHAPE), dtype=np.uint8)
    if len(data) > 2:
        again = (data[2:] == data[1:-1]) & (data[1:-1] == data[:-2]) & (data[2:] != 10)
        data = data[np.concatenate(([True, True], ~again))]
    return _bytes(data.tobytes())


def _tokens(lexed: Lexed) -> NDArray[np.uint64]:
    return _symbols(_TOKEN.findall(lexed.text.lower()))


def _words(lexed: Lexed) -> NDArray[np.uint64]:
    """Return the words and marks of the comments."""
    return _prose_symbols("\n".join([comment.text for comment in lexed.comments]))


def _prose(lexed: Lexed) -> NDArray[np.uint64]:
    """Return the words and marks of the comments and, after them, of the strings that hold a blank."""
    told = [comment.text for comment in lexed.comments]
    told += [f"\0{string}" for string in lexed.strings if " " in string]
    return _prose_symbols("\n".join(told))


def _prose_symbols(text: str) -> NDArray[np.uint64]:
    return _symbols(_PROSE_TOKEN.findall(text.lower()))


def _bytes(data: bytes) -> NDArray[np.uint64]:
    # An odd multiple spreads the byte over the word, so that short n-grams do not collide.
    symbols: NDArray[np.uint64] = (np.frombuffer(data, dtype=np.uint8).astype(np.uint64) + np.uint64(1)) * np.uint64(0xD6E8FEB86659FD93)
    return symbols


def _symbols(tokens: list[str]) -> NDArray[np.uint64]:
    return np.fromiter(map(_symbol, tokens), dtype=np.uint64, count=len(tokens))


@lru_cache(maxsize=100_000)
def _symbol(token: str) -> int:
    raw = token[:40].encode("utf-8", "replace")
    return (zlib.crc32(raw) << 32 | zlib.adler32(raw)) * 0xD6E8FEB86659FD93 & 0xFFFFFFFFFFFFFFFF


VIEWS = (
    View("text", _text, (2, 3, 4, 5)),
    View("shape", _shape, (3, 4, 5, 6, 7)),
    View("comments", _comments, (2, 3, 4, 5)),
    View("tokens", _tokens, (1, 2, 3)),
    View("words", _words, (1, 2, 3)),
    View("prose", _prose, (1, 2, 3)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What the models over one view say: ``ai`` one logit a model, ``families`` one logit a family (and others, last), or None."""

    ai: NDArray[np.float64]
    families: NDArray[np.float64] | None


class NgramWitnesses:
    """Linear models over the hashed n-grams of each view. A view may be read by several models (its columns), and by a family model."""

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take ``VIEW.ai`` (buckets, models) and ``VIEW.ai_bias``, and where there is one ``VIEW.family`` (int8) with ``_bias`` and ``_scale``.

        Raises ``BundleError`` for malformed arrays.
        """
        self._ai: dict[str, tuple[NDArray[np.generic], NDArray[np.float64]]] = {}
        self._families: dict[str, tuple[NDArray[np.generic], NDArray[np.float64], NDArray[np.float64]]] = {}
        try:
            for view in VIEWS:
                if f"{view.name}.ai" in arrays:
                    self._ai[view.name] = arrays[f"{view.name}.ai"], arrays[f"{view.name}.ai_bias"].astype(np.float64)
                if f"{view.name}.family" in arrays:
                    bias, scale = (arrays[f"{view.name}.family_{part}"].astype(np.float64) for part in ("bias", "scale"))
                    self._families[view.name] = arrays[f"{view.name}.family"], bias, scale
        except KeyError as error:
            raise BundleError(f"the n-gram models of the bundle lack {error}") from None
        # Not of the weights over the buckets, whose millions would be read for nothing: what they give is looked at.
        require_finite("the n-gram models", [bias for _, bias in self._ai.values()])
        require_finite("the n-gram models", [part for _, bias, scale in self._families.values() for part in (bias, scale)])
        shapes = [(weights.shape, len(bias)) for weights, bias in self._ai.values()]
        shapes += [(weights.shape, len(bias)) for weights, bias, _ in self._families.values()]
        for shape, columns in shapes:
            if shape != (BUCKETS, columns):
                raise BundleError("the n-gram models of the bundle do not fit this version's buckets")

    @classmethod
    def load(cls, data: bytes) -> NgramWitnesses:
        """Read the safetensors bytes of a bundle's n-gram models."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            return cls(load(data))
        except SafetensorError as error:
            raise BundleError(f"the n-gram models of the bundle cannot be loaded: {error}") from None

    def logits(self, lexed: Lexed) -> dict[str, Found]:
        """Return what the models over each view say. An empty view (a text without comments) says nothing: zeros."""
        found = {}
        for view in VIEWS:
            if view.name not in self._ai:
                continue
            buckets, values = hashed_counts(view.symbols(lexed), view.orders)
            weights, bias = self._ai[view.name]
            families = None
            if view.name in self._families:
                family_weights, family_bias, scale = self._families[view.name]
                families = _weigh(family_weights, buckets, values) * scale + family_bias
            found[view.name] = Found(_weigh(weights, buckets, values) + bias if len(buckets) else np.zeros(len(bias)), families)
        return found


def _weigh(weights: NDArray[np.generic], buckets: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.float64]:
    # Summed by numpy, not by BLAS: its order depends on nothing but the text.
    total: NDArray[np.float64] = (weights[buckets].astype(np.float64) * values[:, None]).sum(axis=0)
    return total
