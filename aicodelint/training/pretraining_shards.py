"""Token shards of unlabelled code: one file of 16-bit ids a package, and beside it which document is whose and in which language."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.errors import UsageError
from aicodelint.training.encoder_data import Shards
from aicodelint.training.pretraining_archive import Document

TOKENIZER = "tokenizer.json"
BATCH = 256
FEWEST_TOKENS = 24
LANGUAGE_POWER = 0.5
"""A language is drawn by the square root of its tokens: Julia is seen more often than its share, and Java less."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a shard."""

    path: str
    language: str
    tokens: int
    digest: str


@dataclass(frozen=True)
class PretrainingText:
    """The documents of a folder of shards: ``shards`` and, in the same order, the language and the package of each."""

    shards: Shards
    languages: list[str]
    packages: list[str]

    def weights(self) -> np.ndarray:
        """Return how often each document is drawn, shape (n,), summing to 1: by its tokens within a language, languages by their root."""
        tokens = np.diff(self.shards.offsets).astype(np.float64)
        _, place = np.unique(self.languages, return_inverse=True)
        total = np.bincount(place, tokens)
        weights = tokens * total[place] ** (LANGUAGE_POWER - 1)
        return np.asarray(weights / weights.sum())


class ShardFolder:
    """A folder of shards under one tokenizer. ``seen`` holds the digests of the documents that it has: no text comes twice."""

    def __init__(self, folder: Path, tokenizer: bytes, seen: Iterable[str] = ()) -> None:
        self._folder = folder
        self._tokenizer = CodeTokenizer.from_bytes(tokenizer)
        if self._tokenizer.size > 1 << 16:
            raise UsageError(f"a tokenizer of {self._tokenizer.size:,} tokens does not fit 16 bits")
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / TOKENIZER
        if kept.exists() and kept.read_bytes() != tokenizer:
            raise UsageError(f"{folder} holds shards of another tokenizer: choose another --output")
        kept.write_bytes(tokenizer)
        self.seen = set(seen)
        for key in self.keys():
            self.seen.update(entry.digest for entry in read_index(folder, key))

    def keys(self) -> list[str]:
        """Return the keys of the shards that are complete, in order."""
        return shard_keys(self._folder)

    def add(self, key: str, documents: Iterable[Document]) -> list[Entry]:
        """Tokenize ``documents`` that are new and write them as shard ``key``, complete or not at all; return what was written."""
        entries: list[Entry] = []
        parts: list[np.ndarray] = []
        fresh: set[str] = set()
        for batch in _batches(self._new(documents, fresh)):
            for (document, digest), ids in zip(batch, self._tokenizer.encode([document.text for document, _ in batch]), strict=True):
                if len(ids) >= FEWEST_TOKENS:
                    parts.append(ids.astype(np.uint16))
                    entries.append(Entry(document.path, document.language, len(ids), digest))
        offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        ids = np.concatenate(parts) if parts else np.empty(0, np.uint16)
        (self._folder / f"{key}.jsonl").write_text("".join(json.dumps(_as_json(entry)) + "\n" for entry in entries), encoding="utf-8")
        partial = self._folder / f".{key}.{os.getpid()}.partial"
        save_file({"ids": ids, "offsets": offsets}, str(partial))
        partial.replace(self._folder / f"{key}.safetensors")
        self.seen |= fresh
        return entries

    def _new(self, documents: Iterable[Document], fresh: set[str]) -> Iterator[tuple[Document, str]]:
        for document in documents:
            digest = text_digest(document.text)
            if digest not in self.seen and digest not in fresh:
                fresh.add(digest)
                yield document, digest


def load_pretraining(folder: Path) -> PretrainingText:
    """Return all shards of ``folder`` as one; raise ``UsageError`` where there are none."""
    keys = shard_keys(folder)
    if not keys:
        raise UsageError(f"{folder} holds no shards: python -m aicodelint.training.pretraining_text --output {folder}")
    tokenizer = CodeTokenizer.load(folder / TOKENIZER)
    parts = [load_file(str(folder / f"{key}.safetensors")) for key in keys]
    entries = [(entry, key) for key in keys for entry in read_index(folder, key)]
    ids = np.concatenate([part["ids"] for part in parts])
    lengths = np.concatenate([np.diff(part["offsets"]) for part in parts])
    starts = np.zeros(len(ids), dtype=bool)
    starts[tokenizer.line_starts(ids)] = True
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return PretrainingText(Shards(ids, offsets, starts), [entry.language for entry, _ in entries], [key for _, key in entries])


def shard_keys(folder: Path) -> list[str]:
    """Return the keys of the complete shards of ``folder``, in order."""
    return sorted(path.name.removesuffix(".safetensors") for path in folder.glob("[!.]*.safetensors"))


def read_index(folder: Path, key: str) -> list[Entry]:
    """Return what shard ``key`` holds."""
    lines = (folder / f"{key}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Entry(**json.loads(line)) for line in lines]


def tokens_by_language(folder: Path) -> Counter[str]:
    """Return the tokens of each language in the shards of ``folder``."""
    counts: Counter[str] = Counter()
    for key in shard_keys(folder):
        for entry in read_index(folder, key):
            counts[entry.language] += entry.tokens
    return counts


def text_digest(text: str) -> str:
    """Return 16 hex digits that tell a text from others, whatever blanks its lines end with."""
    normal = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _as_json(entry: Entry) -> dict[str, object]:
    return {"path": entry.path, "language": entry.language, "tokens": entry.tokens, "digest": entry.digest}


def _batches(pairs: Iterator[tuple[Document, str]]) -> Iterator[list[tuple[Document, str]]]:
    batch: list[tuple[Document, str]] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
