"""The formats by name. A new one is a module in this package and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TextIO

from aicodelint.report.base import Report, Style

FORMATS = {
    "text": "aicodelint.report.text:TextReport",
    "json": "aicodelint.report.json:JsonReport",
    "json-lines": "aicodelint.report.json_lines:JsonLinesReport",
    "sarif": "aicodelint.report.sarif:SarifReport",
    "gitlab": "aicodelint.report.gitlab:GitlabReport",
    "github": "aicodelint.report.github:GithubReport",
    "junit": "aicodelint.report.junit:JunitReport",
    "markdown": "aicodelint.report.markdown:MarkdownReport",
    "html": "aicodelint.report.html:HtmlReport",
}
STREAMED = frozenset({"text", "json-lines"})
"""The formats whose every line means something on its own; the others are one document each."""


def open_report(name: str, stream: TextIO, style: Style) -> Report:
    """Return a report of the format ``name`` that writes to ``stream``."""
    module, _, attribute = FORMATS[name].partition(":")
    report: Report = getattr(import_module(module), attribute)(stream, style)
    return report
