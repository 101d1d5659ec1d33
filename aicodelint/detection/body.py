"""The part of a text that is judged: everything but a leading licence header and the blank lines around it."""

from __future__ import annotations

from dataclasses import dataclass

from aicodelint.detection.licence import strip_licence
from aicodelint.finding import Snippet


@dataclass(frozen=True, slots=True)
class Body:
    """A text with line ends as ``\\n``. ``dropped`` lines of the original stood above it."""

    text: str
    language: str | None
    dropped: int

    @classmethod
    def of(cls, snippet: Snippet) -> Body:
        """Return the body of a snippet; it may be empty."""
        kept, dropped = strip_licence(snippet.text.replace("\r\n", "\n").replace("\r", "\n"))
        text = kept.lstrip("\n")
        return cls(text.rstrip("\n"), snippet.language, dropped + len(kept) - len(text))


def prepare(text: str, language: str | None) -> str:
    """Return the body of a text alone: what models learn from is what they will be shown."""
    return Body.of(Snippet(text, language)).text
