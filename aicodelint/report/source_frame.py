"""The first lines of a finding's source, with line numbers; highlighted on a terminal that shows colours."""

from __future__ import annotations

from collections.abc import Iterator

from aicodelint.finding import Finding
from aicodelint.report.base import printable

COLUMNS = 120
TAB = 4


def source_frame(finding: Finding, language: str | None, color: bool) -> Iterator[str]:
    """Yield the lines of the frame. Nothing from the source reaches the terminal unescaped."""
    lines = [_fitted(line) for line in finding.snippet]
    width = len(str(finding.start_line + len(lines)))
    shown = _highlighted(lines, language) if color else lines
    for number, line in enumerate(shown, finding.start_line):
        yield f"{number:>{width + 2}} | {line}".rstrip()
    left_out = finding.end_line - finding.start_line + 1 - len(lines)
    if left_out > 0:
        yield f"{'':>{width + 2}} | ... {left_out} more line{'s' if left_out > 1 else ''}"


def _fitted(line: str) -> str:
    text = printable(line.expandtabs(TAB))
    return text if len(text) <= COLUMNS else text[: COLUMNS - 3] + "..."


def _highlighted(lines: list[str], language: str | None) -> list[str]:
    """Colour the lines. A language that pygments does not know, or lines it would change, stay plain."""
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name((language or "text").lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return lines
    colored = str(highlight("\n".join(lines), lexer, TerminalFormatter())).removesuffix("\n").split("\n")
    return colored if len(colored) == len(lines) else lines
