"""What a bundle remembers of the rows that it was trained on, and whether rows to judge it by are among them.

``bundle.json`` has it under ``training.seen``: digests of the names of all sources, and a sample of digests of the texts (the smallest ones, so
that the sample of one table meets that of another). No name and no text can be read back from it.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import Any

from aicodelint.detection.body import prepare

SOURCE_DIGITS = 12
TEXT_DIGITS = 12
TEXTS = 2048
"""Digests of texts that are kept at most: some 30 kB, whatever the size of the data."""


def seen_record(sources: Iterable[str], texts: Iterable[str], *inherited: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what goes into ``training.seen`` of a manifest for a training on ``texts`` (as they are or as ``body.prepare`` leaves them).

    ``inherited`` are the manifests of bundles that parts were taken from, such as an encoder: what they have seen, the new one has seen.
    """
    known = [SeenBefore(manifest) for manifest in inherited]
    digests = {source_digest(name) for name in sources}.union(*(before.source_digests for before in known))
    kept = {text_digest(text) for text in texts}.union(*(before.text_digests for before in known))
    return {"sources": sorted(digests), "texts": heapq.nsmallest(TEXTS, kept)}


def source_digest(name: str) -> str:
    """Return the digest of a source's name."""
    return hashlib.sha256(name.strip().encode("utf-8", "surrogatepass")).hexdigest()[:SOURCE_DIGITS]


def text_digest(text: str) -> str:
    """Return the digest of a text as a detector reads it."""
    return hashlib.sha256(prepare(text, None).strip().encode("utf-8", "surrogatepass")).hexdigest()[:TEXT_DIGITS]


class SeenBefore:
    """Counts how many of the rows that pass by a bundle was trained on, by the name of their source and by their text."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        training = manifest.get("training")
        training = training if isinstance(training, dict) else {}
        seen = training.get("seen")
        seen = seen if isinstance(seen, dict) else {}
        self.source_digests = _strings(seen.get("sources")) if seen else frozenset(map(source_digest, _strings(training.get("sources"))))
        self.text_digests = _strings(seen.get("texts"))
        self.known = bool(self.source_digests or self.text_digests)
        # Where fewer texts than the sample holds were trained on, the sample is all of them.
        self._highest = max(self.text_digests, default="") if len(self.text_digests) >= TEXTS else "g"
        self._known_names: dict[str, bool] = {}
        self.source_rows: dict[str, int] = {}
        self._text_rows = self._text_hits = 0

    def add(self, text: str, *names: str | None) -> None:
        """Look at one row: its text, and whatever names its table gives to where it comes from."""
        for name in names:
            if name and self._is_known(name):
                self.source_rows[name] = self.source_rows.get(name, 0) + 1
                break
        if self.text_digests:
            digest = text_digest(text)
            if digest <= self._highest:
                self._text_rows += 1
                self._text_hits += digest in self.text_digests

    def _is_known(self, name: str) -> bool:
        if name not in self._known_names:
            self._known_names[name] = source_digest(name) in self.source_digests
        return self._known_names[name]

    @property
    def text_share(self) -> float:
        """The share of the rows whose texts were trained on, as the sample tells it."""
        return self._text_hits / self._text_rows if self._text_rows else 0.0

    @property
    def text_hits(self) -> int:
        """How many texts are known for certain to have been trained on."""
        return self._text_hits


def _strings(found: object) -> frozenset[str]:
    return frozenset(str(item) for item in found) if isinstance(found, list) else frozenset()
