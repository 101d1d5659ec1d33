"""The values that travel from discovery through an engine and policy to a report. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """What is said of one file in the end."""

    AI = "ai"
    HUMAN = "human"
    UNDETERMINED = "undetermined"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that was collected: its text, or the reason why it has none.

    ``path`` is what reports show: POSIX separators, relative to the working directory where it lies below it.
    ``line_numbers`` maps the lines of ``text`` (0-based index) to 1-based lines of the file on disk, where the two differ
    (the code cells of a notebook); None when they are the same.
    ``changed_lines`` holds inclusive 1-based line ranges of the file when only a change is looked at; None means all of it.
    """

    path: str
    text: str | None = None
    language: str | None = None
    reason: str | None = None
    line_numbers: tuple[int, ...] | None = None
    changed_lines: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Snippet:
    """One text to judge and the language it was taken for (a name of ``discovery.language``, or None)."""

    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class WindowVerdict:
    """What the detector says of one window. Lines are 1-based, inclusive, and count in the text that was judged.

    ``families`` are probabilities in the order of the bundle's family labels, or None when only the gate looked.
    """

    start_line: int
    end_line: int
    p_ai: float
    families: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the detector says of one text: calibrated, rounded to 4 places, before any threshold or policy.

    ``too_little`` is True where the text is too short for a verdict that could accuse anyone. ``families`` is None for a text that the
    gate let go; ``windows`` is then empty.
    """

    p_ai: float
    families: tuple[float, ...] | None
    windows: tuple[WindowVerdict, ...] = ()
    too_little: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """A run of lines of the file on disk (1-based, inclusive) that the detector judges alike."""

    start_line: int
    end_line: int
    p_ai: float
    family: str | None
    family_confidence: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to report: a rule, a place and a sentence. ``snippet`` holds the source lines from ``start_line`` on, when asked for.

    ``end_column`` is the 1-based column (in code points) just past the last character of ``end_line``.
    """

    code: str
    path: str
    start_line: int
    end_line: int
    message: str
    fingerprint: str
    p_ai: float | None = None
    family: str | None = None
    family_confidence: float | None = None
    snippet: tuple[str, ...] = ()
    end_column: int = 1


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file in a report: what the detector estimated and what policy made of it.

    ``findings`` are those that count; ``suppressed_findings`` those that configuration, a comment or a baseline holds back. ``source`` is kept
    only for reports that show whole files.
    """

    path: str
    language: str | None
    status: Status
    reason: str | None = None
    p_ai: float | None = None
    code: str | None = None
    family: str | None = None
    family_confidence: float | None = None
    families: tuple[float, ...] | None = None
    regions: tuple[Region, ...] = ()
    suppressed: str | None = None
    fingerprint: str | None = None
    findings: tuple[Finding, ...] = ()
    suppressed_findings: tuple[Finding, ...] = ()
    source: SourceFile | None = None
