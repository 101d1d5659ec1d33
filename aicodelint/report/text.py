"""Text for people: a line for each finding, the source under it when asked for, and a summary that says what was skipped and why."""

from __future__ import annotations

from typing import TextIO

from aicodelint.finding import FileResult, Finding, Status
from aicodelint.report.base import Style, Summary, Tool, printable, sentence
from aicodelint.report.source_frame import source_frame

_BOLD, _RED, _DIM, _RESET = "\x1b[1m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class TextReport:
    """``path:line:col: CODE message (p=…)``; with ``verbose`` also the files that were skipped, left undetermined or suppressed."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._style = style

    def start(self, tool: Tool) -> None:
        """With ``verbose``, name the model and the engine."""
        if self._style.verbose:
            model = printable(f"model {tool.model.name} ({tool.model.fingerprint}), engine {tool.engine} on {tool.device}")
            self._line(self._painted(f"aicodelint {tool.version}, {model}", _DIM))

    def add(self, result: FileResult) -> None:
        """Write the findings of one file."""
        for finding in result.findings:
            self._finding(finding, result.language)
        suppressed = result.suppressed_findings if self._style.show_suppressed else ()
        for finding in suppressed:
            self._finding(finding, result.language, result.suppressed)
        if self._style.verbose and not result.findings and not suppressed and result.status is not Status.HUMAN:
            why = f"{result.status.value}: {result.reason}" if result.reason else f"{result.status.value}, not reported ({result.suppressed})"
            self._line(self._painted(f"{printable(result.path)}: {why}", _DIM))

    def finish(self, summary: Summary) -> None:
        """Write the summary, unless ``quiet``."""
        if not self._style.quiet:
            self._line(self._painted(summary_line(summary), _BOLD))

    def _finding(self, finding: Finding, language: str | None, suppressed: str | None = None) -> None:
        note = f" [suppressed: {suppressed}]" if suppressed else ""
        place = f"{self._painted(printable(finding.path), _BOLD)}:{finding.start_line}:1:"
        self._line(f"{place} {self._painted(finding.code, _BOLD + _RED)} {printable(sentence(finding))}{note}")
        if self._style.show_source and finding.snippet:
            for line in source_frame(finding, language, self._style.color):
                self._line(line)
            self._line("")

    def _painted(self, text: str, color: str) -> str:
        return f"{color}{text}{_RESET}" if self._style.color else text

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")


def summary_line(summary: Summary) -> str:
    """Return ``Scanned 120 files: 7 AI-generated, 108 human, 2 undetermined, 3 skipped (2 not-code, 1 minified)``."""
    ai = f"{summary.ai} AI-generated" + (f" ({summary.suppressed} of them not reported)" if summary.suppressed else "")
    reasons = sorted(summary.reasons.items(), key=lambda item: (-item[1], item[0]))
    skipped = f"{summary.skipped} skipped" + (f" ({', '.join(f'{count} {reason}' for reason, count in reasons)})" if reasons else "")
    files = "1 file" if summary.files == 1 else f"{summary.files} files"
    return f"Scanned {files}: {ai}, {summary.human} human, {summary.undetermined} undetermined, {skipped}"
