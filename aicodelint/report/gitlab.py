"""GitLab's code quality report: one JSON array with an object for each finding."""

from __future__ import annotations

import hashlib
from typing import TextIO

from aicodelint.finding import FileResult, Finding
from aicodelint.report.base import Style, Summary, Tool, printable, sentence
from aicodelint.report.project_path import project_path
from aicodelint.report.record import to_json

SEVERITY = "minor"
"""An estimate is worth a look and no more; GitLab knows info, minor, major, critical and blocker."""


class GitlabReport:
    """Written while the scan runs. GitLab drops findings whose fingerprints are equal, so every one is made to differ."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._base = style.base
        self._separator = "\n"
        self._fingerprints: set[str] = set()

    def start(self, tool: Tool) -> None:
        """Open the array."""
        self._stream.write("[")

    def add(self, result: FileResult) -> None:
        """Write the findings of one file."""
        for finding in result.findings:
            self._stream.write(f"{self._separator} {to_json(self._issue(finding))}")
            self._separator = ",\n"

    def finish(self, summary: Summary) -> None:
        """Close the array."""
        self._stream.write("\n]\n")

    def _issue(self, finding: Finding) -> dict[str, object]:
        return {
            "description": printable(sentence(finding)),
            "check_name": finding.code,
            "fingerprint": self._distinct(finding.fingerprint),
            "severity": SEVERITY,
            "location": {
                "path": project_path(finding.path, self._base, "CI_PROJECT_DIR"),
                "lines": {"begin": finding.start_line, "end": finding.end_line},
            },
        }

    def _distinct(self, fingerprint: str) -> str:
        salted, count = fingerprint, 1
        while salted in self._fingerprints:
            count += 1
            salted = hashlib.sha256(f"{fingerprint}:{count}".encode()).hexdigest()[:32]
        self._fingerprints.add(salted)
        return salted
