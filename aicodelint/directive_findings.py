"""Findings about the suppressions themselves: those that hold nothing back, and those without a reason where one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aicodelint.finding import Finding, SourceFile
from aicodelint.regions import file_line
from aicodelint.rules import NO_REASON_CODE, UNUSED_CODE
from aicodelint.suppression import Directive


def directive_findings(
    source: SourceFile, lines: Sequence[str], found: Sequence[Directive], used: frozenset[Directive], require_reason: bool
) -> Iterator[tuple[Finding, str]]:
    """Yield findings without a fingerprint, each with the text of its line; of a change, only those on changed lines."""
    for directive in found:
        line = file_line(source, directive.line)
        changed = source.changed_lines
        if changed is not None and not any(first <= line <= last for first, last in changed):
            continue
        text = lines[directive.line - 1]
        said = "ignore-file" if directive.whole_file else "ignore"
        if directive not in used:
            yield _finding(UNUSED_CODE, f"Unused 'aicodelint: {said}': there is nothing here that it would hold back", source, line, text), text
        elif require_reason and not directive.reason:
            message = f"'aicodelint: {said}' without a reason: write one after it, as in 'aicodelint: {said} -- reviewed by the core team'"
            yield _finding(NO_REASON_CODE, message, source, line, text), text


def _finding(code: str, message: str, source: SourceFile, line: int, text: str) -> Finding:
    return Finding(code, source.path, line, line, message, "", end_column=len(text) + 1)
