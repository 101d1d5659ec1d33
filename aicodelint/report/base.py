"""What a report is given, and what all of them share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from aicodelint.finding import FileResult, Finding, Status
from aicodelint.model import Model


@dataclass(frozen=True, slots=True)
class Tool:
    """Who made the report; ``baseline`` says whether known findings were told from new ones."""

    version: str
    model: Model
    engine: str
    device: str
    baseline: bool = False


@dataclass(slots=True)
class Summary:
    """The counts of a scan; ``reasons`` counts why files were skipped, ``suppressed`` the AI-generated files without a finding."""

    files: int = 0
    ai: int = 0
    human: int = 0
    undetermined: int = 0
    skipped: int = 0
    findings: int = 0
    suppressed: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, result: FileResult) -> None:
        """Count one file."""
        self.files += 1
        self.findings += len(result.findings)
        self.suppressed += result.suppressed is not None
        if result.status is Status.AI:
            self.ai += 1
        elif result.status is Status.HUMAN:
            self.human += 1
        elif result.status is Status.UNDETERMINED:
            self.undetermined += 1
        else:
            self.skipped += 1
            self.reasons[result.reason or "unknown"] += 1


@dataclass(frozen=True, slots=True)
class Style:
    """How a report for people looks. ``base`` is the absolute directory that relative paths lie in."""

    show_source: bool = False
    color: bool = False
    quiet: bool = False
    verbose: bool = False
    base: str = ""
    show_suppressed: bool = False


class Report(Protocol):
    """One output of a scan. ``start``, then ``add`` for every file in order, then ``finish``; nothing is written after that."""

    def __init__(self, stream: TextIO, style: Style) -> None: ...

    def start(self, tool: Tool) -> None:
        """Begin the report."""
        ...

    def add(self, result: FileResult) -> None:
        """Tell one file."""
        ...

    def finish(self, summary: Summary) -> None:
        """End the report."""
        ...


def evidence(finding: Finding) -> str:
    """Return the probabilities of a finding for people, ``p=0.97, Qwen 0.61``, cut (never rounded up) to two places."""
    parts = [] if finding.p_ai is None else [f"p={two_places(finding.p_ai)}"]
    if finding.family is not None and finding.family_confidence is not None:
        parts.append(f"{finding.family} {two_places(finding.family_confidence)}")
    return ", ".join(parts)


def sentence(finding: Finding) -> str:
    """Return the message of a finding with its probabilities, if it has any, in brackets."""
    weight = evidence(finding)
    return f"{finding.message} ({weight})" if weight else finding.message


def two_places(probability: float) -> str:
    """Return a probability with four places cut to two: 0.9999 is not certainty."""
    return f"{round(probability * 10_000) // 100 / 100:.2f}"


def printable(text: str) -> str:
    """Return ``text`` with everything escaped that a terminal might obey or a reader might not see: control, bidi, invisible characters."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
