"""GitHub workflow commands: a line for each finding, which the runner turns into an annotation on the changed files.

GitHub shows no more than ten annotations of a step, so the most confident findings come first; the job's log holds all of them.
"""

from __future__ import annotations

from typing import TextIO

from aicodelint.finding import FileResult, Finding
from aicodelint.report.base import Style, Summary, Tool, printable, sentence
from aicodelint.report.project_path import project_path
from aicodelint.report.text import summary_line

SHOWN = 10


class GithubReport:
    """Everything from the repository is escaped, so that no file name can become a command of its own."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._style = style
        self._findings: list[Finding] = []

    def start(self, tool: Tool) -> None:
        """Write nothing: the order is known at the end."""

    def add(self, result: FileResult) -> None:
        """Keep the findings of one file."""
        self._findings.extend(result.findings)

    def finish(self, summary: Summary) -> None:
        """Write one command for each finding, and the summary as plain text unless ``quiet``."""
        for finding in sorted(self._findings, key=lambda finding: -(finding.p_ai or 0.0)):
            self._stream.write(self._command(finding) + "\n")
        if self._style.quiet:
            return
        if len(self._findings) > SHOWN:
            self._stream.write(f"GitHub shows the first {SHOWN} of these {len(self._findings)} findings beside the code.\n")
        self._stream.write(summary_line(summary) + "\n")

    def _command(self, finding: Finding) -> str:
        properties = {
            "file": project_path(finding.path, self._style.base, "GITHUB_WORKSPACE"),
            "line": str(finding.start_line),
            "endLine": str(finding.end_line),
            "title": f"aicodelint {finding.code}",
        }
        said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        return f"::warning {said}::{_data(printable(sentence(finding)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text.encode("utf-8", "backslashreplace").decode()).replace(":", "%3A").replace(",", "%2C")
