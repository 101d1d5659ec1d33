"""What every engine offers, and what a caller must know of the bundle behind it. Imports nothing heavy: the warm path runs through here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from aicodelint.finding import Verdict


@dataclass(frozen=True, slots=True)
class Snippet:
    """One text to judge and the language it was taken for (a name of ``discovery.language``, or None)."""

    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a bundle draws its lines, on probabilities rounded to 4 places.

    ``ai``: at or above it a file is called AI-generated. ``human``: below it a file is called human; between the two it is undetermined.
    ``family``: a family is named from this confidence on.
    """

    ai: float
    human: float
    family: float


@dataclass(frozen=True, slots=True)
class Model:
    """The bundle that an engine runs, as far as policy and reports need to know it."""

    name: str
    fingerprint: str
    families: tuple[str, ...]
    thresholds: Thresholds


class Engine(Protocol):
    """Something that judges texts. ``name`` is ``in-process``, ``daemon`` or ``ray``; ``device`` is ``cpu`` or ``cuda``."""

    name: str
    device: str
    model: Model

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        """Yield one verdict for each snippet, in order, reading no further ahead than it needs to keep the device busy."""
        ...

    def close(self) -> None:
        """Let go of the model, threads and connections."""
        ...
