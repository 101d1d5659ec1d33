"""What every engine offers. Imports nothing heavy: the warm path runs through here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model


class Engine(Protocol):
    """Something that judges texts. ``name`` is ``in-process`` or ``daemon``; ``device`` is ``cpu`` or ``cuda``."""

    model: Model

    @property
    def name(self) -> str:
        """The engine's name in reports."""
        ...

    @property
    def device(self) -> str:
        """What the model runs on."""
        ...

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        """Yield one verdict for each snippet, in order, reading no further ahead than it needs to keep the device busy."""
        ...

    def close(self) -> None:
        """Let go of the model, threads and connections."""
        ...
