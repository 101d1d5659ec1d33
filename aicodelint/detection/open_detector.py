"""Which detector a bundle asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aicodelint.detection.bundle import Bundle
from aicodelint.errors import BundleError
from aicodelint.finding import Snippet, Verdict

STACKED, HEAD = "stacked", "head"


class AnyDetector(Protocol):
    """What every detector does, whatever it is made of."""

    def judge(self, snippets: Sequence[Snippet]) -> list[Verdict]:
        """Return one verdict for each snippet, in order."""
        ...

    def close(self) -> None:
        """Let go of threads and of memory that is not in use; nothing is judged after that."""
        ...


def open_detector(bundle: Bundle, device: str = "cpu", jobs: int | None = None) -> AnyDetector:
    """Return the detector for the ``kind`` of ``bundle``: the stacked witnesses of the default one, or the heads that a user trained.

    Raises ``BundleError`` where the bundle cannot be used.
    """
    kind = bundle.manifest.get("kind")
    if kind == STACKED:
        from aicodelint.detection.detector import Detector

        return Detector(bundle, jobs, device)
    if kind == HEAD:
        from aicodelint.detection.head_detector import HeadDetector

        return HeadDetector(bundle, device, jobs)
    raise BundleError(f"{bundle.path} is a bundle of a kind this version does not know: {kind!r}")
