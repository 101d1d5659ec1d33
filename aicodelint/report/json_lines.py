"""JSON Lines: one file a line, written as soon as it is known."""

from __future__ import annotations

from typing import TextIO

from aicodelint.finding import FileResult
from aicodelint.report.base import Style, Summary, Tool
from aicodelint.report.record import file_record, to_json


class JsonLinesReport:
    """The elements of ``files`` of the JSON report, one a line."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._families: tuple[str, ...] = ()

    def start(self, tool: Tool) -> None:
        """Learn the family labels."""
        self._families = tool.model.families

    def add(self, result: FileResult) -> None:
        """Write one line."""
        self._stream.write(to_json(file_record(result, self._families)) + "\n")

    def finish(self, summary: Summary) -> None:
        """Write nothing: every line is a file."""
