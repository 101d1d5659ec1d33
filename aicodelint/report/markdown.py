"""Markdown for a CI job's summary page (GitHub's ``$GITHUB_STEP_SUMMARY``) or a merge request comment: counts and the most confident findings."""

from __future__ import annotations

from html import escape
from typing import TextIO

from aicodelint.finding import FileResult, Finding
from aicodelint.report.base import Style, Summary, Tool, printable, two_places
from aicodelint.report.text import summary_line

SHOWN = 100
_SPECIAL = str.maketrans({character: f"&#{ord(character)};" for character in "|`*_~[]()#!\\@:{}-+."})


class MarkdownReport:
    """Names from the repository become character references: none of them can be markup, a link, or the mention of a person."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._tool: Tool | None = None
        self._findings: list[Finding] = []

    def start(self, tool: Tool) -> None:
        """Learn the model's name."""
        self._tool = tool

    def add(self, result: FileResult) -> None:
        """Keep the findings of one file."""
        self._findings.extend(result.findings)

    def finish(self, summary: Summary) -> None:
        """Write the page."""
        lines = ["## aicodelint", "", f"{_plain(summary_line(summary))}.", ""]
        ordered = sorted(self._findings, key=lambda finding: -(finding.p_ai or 0.0))
        if ordered:
            lines += ["| File | Lines | Code | P(AI) | Likeliest family |", "| --- | --- | --- | --- | --- |"]
            lines += [_row(finding) for finding in ordered[:SHOWN]]
            lines.append("")
        if len(ordered) > SHOWN:
            lines += [f"The {SHOWN} most confident of {len(ordered)} findings are listed.", ""]
        model = f" Model: {_plain(self._tool.model.name)}." if self._tool else ""
        lines.append(f"These are estimates by a statistical model; they prove nothing about who wrote a file.{model}")
        self._stream.write("\n".join(lines) + "\n")


def _row(finding: Finding) -> str:
    p_ai = "" if finding.p_ai is None else two_places(finding.p_ai)
    family = "undetermined" if finding.family is None else f"{finding.family} ({two_places(finding.family_confidence or 0.0)})"
    cells = (_plain(finding.path), f"{finding.start_line}-{finding.end_line}", finding.code, p_ai, _plain(family))
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is; character references are what it leaves alone."""
    return escape(printable(text), quote=False).replace("&", "\0").translate(_SPECIAL).replace("\0", "&")
