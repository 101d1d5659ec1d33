"""JUnit XML: a test case for each file, which fails where the file has a finding."""

from __future__ import annotations

from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from aicodelint.finding import FileResult, Finding, Status
from aicodelint.report.base import Style, Summary, Tool, printable, sentence

SUITE = "aicodelint"


class JunitReport:
    """The counts stand at the head, so cases are held back to the end. XML cannot hold control characters: they are shown escaped."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._cases: list[str] = []
        self._failures = 0
        self._skipped = 0

    def start(self, tool: Tool) -> None:
        """Write the declaration."""
        self._stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')

    def add(self, result: FileResult) -> None:
        """Keep one case."""
        inside = "".join(_failure(finding) for finding in result.findings)
        if result.findings:
            self._failures += 1
        elif result.status is Status.SKIPPED:
            self._skipped += 1
            inside = f"<skipped message={_attribute(result.reason or 'unknown')}/>"
        head = f"  <testcase classname={_attribute(result.language or SUITE)} name={_attribute(result.path)}"
        self._cases.append(f"{head}>{inside}</testcase>\n" if inside else f"{head}/>\n")

    def finish(self, summary: Summary) -> None:
        """Write the suite."""
        counts = f'tests="{len(self._cases)}" failures="{self._failures}" errors="0"'
        time = f'time="{summary.seconds:.3f}"'
        self._stream.write(f'<testsuites name="{SUITE}" {counts} {time}>\n')
        self._stream.write(f' <testsuite name="{SUITE}" {counts} skipped="{self._skipped}" {time}>\n')
        self._stream.writelines(self._cases)
        self._stream.write(" </testsuite>\n</testsuites>\n")


def _failure(finding: Finding) -> str:
    text = f"{finding.path}:{finding.start_line}-{finding.end_line}: {finding.code} {sentence(finding)}"
    return f"<failure type={_attribute(finding.code)} message={_attribute(finding.message)}>{escape(printable(text))}</failure>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
