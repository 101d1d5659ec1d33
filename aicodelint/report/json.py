"""JSON: one object, one file a line inside it, written while the scan runs so that no scan is too large for memory."""

from __future__ import annotations

from typing import TextIO

from aicodelint.finding import FileResult
from aicodelint.report.base import Style, Summary, Tool
from aicodelint.report.record import SCHEMA_VERSION, file_record, to_json


class JsonReport:
    """The contract with other programs; the only value in it that changes from run to run is ``summary.seconds``."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._families: tuple[str, ...] = ()
        self._separator = "\n"

    def start(self, tool: Tool) -> None:
        """Write the head of the object."""
        self._families = tool.model.families
        head = {
            "name": "aicodelint",
            "version": tool.version,
            "model": tool.model.name,
            "model_fingerprint": tool.model.fingerprint,
            "engine": tool.engine,
            "device": tool.device,
        }
        self._stream.write(f'{{"schema_version": {SCHEMA_VERSION},\n "tool": {to_json(head)},\n "files": [')

    def add(self, result: FileResult) -> None:
        """Write one element of ``files``."""
        self._stream.write(f"{self._separator}  {to_json(file_record(result, self._families))}")
        self._separator = ",\n"

    def finish(self, summary: Summary) -> None:
        """Write the summary and close the object."""
        counts = {
            "files": summary.files,
            "ai": summary.ai,
            "human": summary.human,
            "undetermined": summary.undetermined,
            "skipped": summary.skipped,
            "seconds": round(summary.seconds, 2),
        }
        self._stream.write(f'\n ],\n "summary": {to_json(counts)}}}\n')
