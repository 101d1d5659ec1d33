"""Verdicts + configuration + suppressions -> what is said of each file, and the findings that count.

A file that is called AI-generated gives at most one finding. It stands at the most confident of the file's AI regions (the first of equals); when
only a change is looked at, at the longest changed stretch of the most confident AI region that the change touches.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aicodelint.baseline import Ledger
from aicodelint.config import Config
from aicodelint.directive_findings import directive_findings
from aicodelint.finding import FileResult, Finding, Region, SourceFile, Status, Verdict
from aicodelint.model import Model
from aicodelint.regions import file_line, merge_windows, named_family, overlap, text_lines, to_file_lines
from aicodelint.rules import UNDETERMINED_CODE, family_code
from aicodelint.selection import Selection, code_prefix
from aicodelint.suppression import Directive, directives

TOO_LITTLE = "too-little"
TOO_CLOSE = "too-close"
SNIPPET_LINES = 8
SNIPPET_COLUMNS = 240


@dataclass(frozen=True, slots=True)
class Options:
    """How findings are made, whatever the configuration.

    ``inline``: heed suppressions in the text. ``snippets``: keep the first source lines of each finding. ``whole_file``: report a file that is
    AI-generated even if its changed lines are not. ``texts``: keep the whole source of every file with a finding. ``ledger``: what holds known
    findings back.
    """

    inline: bool = True
    snippets: bool = False
    whole_file: bool = False
    texts: bool = False
    ledger: Ledger | None = None


class Policy:
    """Turns verdicts into results under one configuration. ``directory`` is where aicodelint was started (absolute)."""

    def __init__(self, model: Model, config: Config, options: Options, directory: Path, fingerprints: Fingerprints) -> None:
        limits = model.thresholds
        self._families = model.families
        self._ai = limits.ai if config.threshold is None else config.threshold
        self._human = min(limits.human, self._ai)
        self._family = limits.family if config.family_threshold is None else config.family_threshold
        self._selection = Selection(config, model.families, directory)
        self._options = options
        self._require_reason = bool(config.require_reason)
        self._fingerprints = fingerprints

    def decide(self, source: SourceFile, verdict: Verdict | None) -> FileResult:
        """Return what is said of ``source``; ``verdict`` is None for a file that was skipped."""
        if verdict is None or source.text is None:
            return FileResult(source.path, source.language, Status.SKIPPED, reason=source.reason)
        status, reason = self._status(verdict)
        regions = merge_windows(verdict.windows, self._families, self._ai, self._family)
        result = FileResult(
            path=source.path,
            language=source.language,
            status=status,
            reason=reason,
            p_ai=verdict.p_ai,
            families=verdict.families,
            regions=tuple(to_file_lines(region, source) for region in regions),
        )
        found = tuple(directives(source.text)) if self._options.inline else ()
        used: frozenset[Directive] = frozenset()
        if status is Status.AI:
            result, used = self._with_finding(result, source, source.text, regions, found)
        if found and status is not Status.UNDETERMINED:
            result = self._with_directives(result, source, source.text, found, used)
        return replace(result, source=source) if self._options.texts and (result.findings or result.suppressed_findings) else result

    def _status(self, verdict: Verdict) -> tuple[Status, str | None]:
        if verdict.too_little:
            return Status.UNDETERMINED, TOO_LITTLE
        if verdict.p_ai >= self._ai:
            return Status.AI, None
        return (Status.UNDETERMINED, TOO_CLOSE) if verdict.p_ai >= self._human else (Status.HUMAN, None)

    def _with_finding(
        self, result: FileResult, source: SourceFile, text: str, regions: Sequence[Region], found: Sequence[Directive]
    ) -> tuple[FileResult, frozenset[Directive]]:
        """Return the result with its finding, and the suppressions that hold something back."""
        family, confidence = named_family(result.families, self._families, self._family)
        code = family_code(family, self._families)
        lines = text.split("\n")
        accused = [region for region in regions if region.p_ai >= self._ai] or list(regions)
        accused = accused or [Region(1, len(lines), result.p_ai or 0.0, family, confidence)]
        left, used = self._without_inline(accused, found, code)
        touched = self._touched(left or accused, source)
        suppressed = None
        if not self._selection.admits(code, source.path):
            suppressed = "config"
        elif not left:
            suppressed = "inline"
        elif not touched:
            suppressed = "unchanged"
        elif self._options.ledger and self._options.ledger.holds(code, source.path, _lines_of(left, lines), lines):
            suppressed = "baseline"
        _, start, end = touched[0] if touched else _whole(_most_confident(left or accused)[0])
        finding = Finding(
            code=code,
            path=source.path,
            start_line=file_line(source, start),
            end_line=file_line(source, end),
            message=f"Looks AI-generated; likeliest model family: {family}" if family else "Looks AI-generated; model family undetermined",
            # One finding a file: its identity is the file's. Windows shift with every edit, which family is named wavers, and a dismissed
            # alert should stay dismissed.
            fingerprint=self._fingerprints.of(UNDETERMINED_CODE, source.path, ()),
            p_ai=result.p_ai,
            family=family,
            family_confidence=confidence,
            snippet=_snippet(lines[start - 1 : end]) if self._options.snippets else (),
            end_column=len(lines[min(end, len(lines)) - 1]) + 1,
        )
        told = replace(
            result,
            code=code,
            family=family,
            family_confidence=confidence,
            suppressed=suppressed,
            fingerprint=finding.fingerprint,
            findings=() if suppressed else (finding,),
            suppressed_findings=(finding,) if suppressed in {"config", "inline", "baseline"} else (),
        )
        return told, used

    def _without_inline(self, regions: list[Region], found: Sequence[Directive], code: str) -> tuple[list[Region], frozenset[Directive]]:
        """The regions that none of the directives ``found`` suppresses, and those that suppress one."""
        covering = [directive for directive in found if self._covers(directive, code)]
        inside = sorted(regions, key=lambda region: region.start_line)
        starts = [region.start_line for region in inside]
        used = set()
        for directive in covering:
            before = bisect_right(starts, directive.line) - 1
            if directive.whole_file or (before >= 0 and directive.line <= inside[before].end_line):
                used.add(directive)
        if any(directive.whole_file for directive in covering):
            return [], frozenset(used)
        at = [directive.line for directive in covering]
        return [region for region in regions if not _any_between(at, region.start_line, region.end_line)], frozenset(used)

    def _with_directives(
        self, result: FileResult, source: SourceFile, text: str, found: Sequence[Directive], used: frozenset[Directive]
    ) -> FileResult:
        """Return the result with findings about the suppressions in the text."""
        told = tuple(
            replace(finding, fingerprint=self._fingerprints.of(finding.code, source.path, [line]))
            for finding, line in directive_findings(source, text.split("\n"), found, used, self._require_reason)
            if self._selection.admits(finding.code, source.path)
        )
        return replace(result, findings=(*result.findings, *told))

    def _covers(self, directive: Directive, code: str) -> bool:
        if directive.selectors is None:
            return True
        prefixes = (code_prefix(selector, self._families) for selector in directive.selectors)
        return any(prefix is not None and code.startswith(prefix) for prefix in prefixes)

    def _touched(self, regions: list[Region], source: SourceFile) -> list[tuple[Region, int, int]]:
        """Regions with the lines to report in each, most confident first; in a change, only those that it touches."""
        ordered = _most_confident(regions)
        if source.changed_lines is None or self._options.whole_file:
            return [_whole(region) for region in ordered]
        changed = [lines for start, end in source.changed_lines if (lines := text_lines(source, start, end))]
        stretches = ((region, overlap(region, changed)) for region in ordered)
        return [(region, *stretch) for region, stretch in stretches if stretch]


class Fingerprints:
    """Hashes that stay with a finding when lines move: over code, path and, if given, text without blanks. Equal ones are told apart by a count."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, code: str, path: str, lines: Sequence[str]) -> str:
        """Return the fingerprint, 32 hex digits, of ``lines``."""
        content = "\n".join(stripped for line in lines if (stripped := "".join(line.split())))
        key = hashlib.sha256("\0".join((code, path, content)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return key if count == 1 else hashlib.sha256(f"{key}:{count}".encode()).hexdigest()[:32]


def _most_confident(regions: list[Region]) -> list[Region]:
    return sorted(regions, key=lambda region: (-region.p_ai, region.start_line))


def _whole(region: Region) -> tuple[Region, int, int]:
    return region, region.start_line, region.end_line


def _lines_of(regions: Sequence[Region], lines: Sequence[str]) -> list[str]:
    ordered = sorted(regions, key=lambda region: region.start_line)
    return [line for region in ordered for line in lines[region.start_line - 1 : region.end_line]]


def _any_between(ordered: list[int], first: int, last: int) -> bool:
    at = bisect_left(ordered, first)
    return at < len(ordered) and ordered[at] <= last


def _snippet(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(line[:SNIPPET_COLUMNS].rstrip("\r") for line in lines[:SNIPPET_LINES])
