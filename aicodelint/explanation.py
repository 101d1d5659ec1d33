"""Why a file got its verdict: the windows that carry it, and the features that stand out. An account of the model, not of the file's author."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from aicodelint.finding import FileResult, SourceFile, Status, Verdict
from aicodelint.model import Model
from aicodelint.regions import file_line, named_family
from aicodelint.report.base import printable, two_places

if TYPE_CHECKING:
    from aicodelint.detection.features_that_stand_out import StandingOut

MOST_WINDOWS = 20
MOST_FEATURES = 12


@dataclass(frozen=True, slots=True)
class ExplainedWindow:
    """One window with the lines of the file on disk (1-based, inclusive)."""

    start_line: int
    end_line: int
    p_ai: float
    family: str | None
    family_confidence: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """``windows`` and ``features`` are ordered by weight; ``features`` is None where nothing is known to compare with."""

    result: FileResult
    windows: tuple[ExplainedWindow, ...]
    human_files: int
    features: tuple[StandingOut, ...] | None


def explained_windows(source: SourceFile, verdict: Verdict, model: Model) -> tuple[ExplainedWindow, ...]:
    """Return the windows of ``verdict``, the most AI-generated first."""
    found = []
    for window in sorted(verdict.windows, key=lambda window: (-window.p_ai, window.start_line)):
        family, confidence = named_family(window.families, model.families, model.thresholds.family)
        first, last = file_line(source, window.start_line), file_line(source, window.end_line)
        found.append(ExplainedWindow(first, last, window.p_ai, family, confidence))
    return tuple(found)


def to_record(explanation: Explanation, model: Model) -> dict[str, Any]:
    """Return the explanation as JSON holds it."""
    result = explanation.result
    return {
        "schema_version": 1,
        "model": {"name": model.name, "fingerprint": model.fingerprint},
        "path": result.path,
        "language": result.language,
        "status": result.status.value,
        "reason": result.reason,
        "p_ai": result.p_ai,
        "family": result.family,
        "family_confidence": result.family_confidence,
        "thresholds": asdict(model.thresholds),
        "windows": [asdict(window) for window in explanation.windows],
        "human_files": explanation.human_files,
        "features": None if explanation.features is None else [asdict(feature) for feature in explanation.features],
    }


def to_text(explanation: Explanation, model: Model) -> Iterator[str]:
    """Yield the explanation as lines for a terminal."""
    result = explanation.result
    yield printable(f"{result.path}: {_verdict(result, model)}")
    if result.status is Status.SKIPPED:
        return
    yield ""
    yield from _windows(explanation)
    yield ""
    yield from _features(explanation)


def _verdict(result: FileResult, model: Model) -> str:
    if result.status is Status.SKIPPED:
        return f"skipped ({result.reason})"
    family = f", likeliest family {result.family} ({two_places(result.family_confidence or 0.0)})" if result.family else ""
    reason = f" ({result.reason})" if result.reason else ""
    limits = f"called AI-generated from {model.thresholds.ai} on, human below {model.thresholds.human}"
    return f"{result.status.value}{reason}, P(AI) {two_places(result.p_ai or 0.0)}{family}; {limits}"


def _windows(explanation: Explanation) -> Iterator[str]:
    if not explanation.windows:
        yield "No window was looked at closely: the gate's cheap features were enough to let the file go."
        return
    alone = "" if len(explanation.windows) == 1 else " Each is judged by itself, and shows less than the whole file does."
    yield f"Windows, the most AI-generated first.{alone}"
    for window in explanation.windows[:MOST_WINDOWS]:
        family = f"  {window.family} {two_places(window.family_confidence or 0.0)}" if window.family else ""
        yield printable(f"  lines {window.start_line}-{window.end_line}  P(AI) {two_places(window.p_ai)}{family}")
    if len(explanation.windows) > MOST_WINDOWS:
        yield f"  and {len(explanation.windows) - MOST_WINDOWS} more"


def _features(explanation: Explanation) -> Iterator[str]:
    language = explanation.result.language
    if explanation.features is None:
        yield f"There is too little human {language or 'code'} to compare the features with, or the bundle has no trees over them."
        return
    yield f"Features outside of what 90 % of {explanation.human_files} human {language} files show, by their weight in the gate's trees:"
    for feature in explanation.features[:MOST_FEATURES]:
        human = f"human {feature.human_low:.3g} to {feature.human_high:.3g}, median {feature.human_median:.3g}"
        yield printable(f"  {feature.name:<28} {feature.value:>9.3g}  ({human})  {feature.effect:+.2f}")
    left = len(explanation.features) - MOST_FEATURES
    if left > 0:
        yield f"  and {left} more (--format json has all of them)"
    if not explanation.features:
        yield "  none"
    yield "The last figure: how far it moves the gate's log-odds of AI away from where the human median would put them; + is for AI, - for human."
