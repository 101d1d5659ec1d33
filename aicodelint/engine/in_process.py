"""The engine that needs nothing else: it loads the bundle in this process, at the first text that has to be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aicodelint.detection.bundle import Bundle
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model

if TYPE_CHECKING:
    from aicodelint.detection.open_detector import AnyDetector

CHUNK_FILES = 64
CHUNK_CHARACTERS = 512 * 1024


class InProcessEngine:
    """Judges texts in this process. ``jobs`` is the number of threads that encode; None means one a core."""

    name = "in-process"

    def __init__(self, bundle: Bundle, device: str = "cpu", jobs: int | None = None) -> None:
        self.model: Model = bundle.model
        self.device = device
        self._bundle = bundle
        self._jobs = jobs
        self._detector: AnyDetector | None = None

    @classmethod
    def open(cls, path: Path, device: str = "cpu", jobs: int | None = None) -> InProcessEngine:
        """Open the bundle in directory ``path``; raise ``BundleError`` if its manifest is unusable."""
        return cls(Bundle.open(path), device, jobs)

    @property
    def detector(self) -> AnyDetector:
        """The loaded detector; raise ``BundleError`` if a file of the bundle is missing or damaged."""
        if self._detector is None:
            from aicodelint.detection.open_detector import open_detector

            self._detector = open_detector(self._bundle, self.device, self._jobs)
        return self._detector

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        """Yield one verdict for each snippet, in order, a chunk of files at a time."""
        for chunk in _chunks(snippets):
            yield from self.detector.judge(chunk)

    def close(self) -> None:
        """Drop the loaded model, and end its threads."""
        if self._detector is not None:
            self._detector.close()
            self._detector = None


def _chunks(snippets: Iterable[Snippet]) -> Iterator[list[Snippet]]:
    chunk: list[Snippet] = []
    characters = 0
    for snippet in snippets:
        chunk.append(snippet)
        characters += len(snippet.text)
        if len(chunk) >= CHUNK_FILES or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk
