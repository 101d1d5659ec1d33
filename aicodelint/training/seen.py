"""What a bundle remembers of the rows that it was trained on, and whether rows to judge it by are among them.

``bundle.json`` has it under ``training.seen``: digests of the names of all sources, and a sample of digests of the texts (the smallest ones, so
that the sample of one table meets that of another). What its parts were trained on is kept apart from it, a sample for each: among the digests
of a large table those of a small one would be lost. No name and no text can be read back from any.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import Any

from aicodelint.detection.body import prepare

SOURCE_DIGITS = 12
TEXT_DIGITS = 12
SOURCES = 20_000
"""Digests of sources' names that are kept at most: a manifest may have a megabyte."""
TEXTS = 2048
"""Digests of texts that are kept at most: some 30 kB, whatever the size of the data."""


def seen_record(sources: Iterable[str], texts: Iterable[str], *inherited: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what goes into ``training.seen`` of a manifest for a training on ``texts`` (as they are or as ``body.prepare`` leaves them).

    ``inherited`` are the manifests of bundles that parts were taken from, such as an encoder: what they have seen, the new one has seen.
    """
    known = [SeenBefore(manifest) for manifest in inherited]
    names = {source_digest(name) for name in sources}.union(*(before.source_digests for before in known))
    digests = {text_digest(text) for text in texts}
    record: dict[str, list[Any]] = {"sources": heapq.nsmallest(SOURCES, names), "texts": heapq.nsmallest(TEXTS, digests)}
    parts = dict.fromkeys(sample.digests for before in known for sample in before.samples)
    return record | ({"texts_of_parts": [sorted(part) for part in parts]} if parts else {})


def source_digest(name: str) -> str:
    """Return the digest of a source's name."""
    return hashlib.sha256(name.strip().encode("utf-8", "surrogatepass")).hexdigest()[:SOURCE_DIGITS]


def text_digest(text: str) -> str:
    """Return the digest of a text as a detector reads it."""
    return hashlib.sha256(prepare(text, None).strip().encode("utf-8", "surrogatepass")).hexdigest()[:TEXT_DIGITS]


class TextSample:
    """Counts how many of the texts that pass by are among the smallest ``digests`` of a training's texts."""

    def __init__(self, digests: frozenset[str]) -> None:
        self.digests = digests
        # Where fewer texts than the sample holds were trained on, the sample is all of them.
        self._highest = max(digests, default="") if len(digests) >= TEXTS else "g"
        self._rows = self._hits = 0

    def add(self, digest: str) -> bool:
        """Look at one text; return whether it is in the sample."""
        if digest > self._highest:
            return False
        hit = digest in self.digests
        self._rows += 1
        self._hits += hit
        return hit

    @property
    def share(self) -> float:
        """The share of the texts that were trained on, as the sample tells it."""
        return self._hits / self._rows if self._rows else 0.0


class SeenBefore:
    """Counts how many of the rows that pass by a bundle was trained on, by the name of their source and by their text."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        training = manifest.get("training")
        training = training if isinstance(training, dict) else {}
        seen = training.get("seen")
        seen = seen if isinstance(seen, dict) else {}
        self.source_digests = _strings(seen.get("sources")) if seen else frozenset(map(source_digest, _strings(training.get("sources"))))
        of_parts = seen.get("texts_of_parts")
        digests = (_strings(found) for found in (seen.get("texts"), *(of_parts if isinstance(of_parts, list) else ())))
        self.samples = [TextSample(found) for found in digests if found]
        self.known = bool(self.source_digests or self.samples)
        self._known_names: dict[str, bool] = {}
        self.source_rows: dict[str, int] = {}
        self.text_hits = 0
        """How many texts are known for certain to have been trained on."""

    def add(self, text: str, *names: str | None) -> None:
        """Look at one row: its text, and whatever names its table gives to where it comes from."""
        for name in names:
            if name and self._is_known(name):
                self.source_rows[name] = self.source_rows.get(name, 0) + 1
                break
        if self.samples:
            digest = text_digest(text)
            hits = [sample.add(digest) for sample in self.samples]  # all of them count, whatever the first says
            self.text_hits += any(hits)

    def _is_known(self, name: str) -> bool:
        if name not in self._known_names:
            self._known_names[name] = source_digest(name) in self.source_digests
        return self._known_names[name]

    @property
    def text_share(self) -> float:
        """The share of the rows whose texts were trained on, at the least: that of the part which has seen most of them."""
        return max((sample.share for sample in self.samples), default=0.0)


def _strings(found: object) -> frozenset[str]:
    return frozenset(str(item) for item in found) if isinstance(found, list) else frozenset()
