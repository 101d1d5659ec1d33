"""SARIF 2.1.0, as GitHub code scanning and other viewers take it.

GitHub refuses files over 10 MB (compressed) and reads at most 25,000 results: beyond that the most confident findings are kept, and a notification
says how many are missing. There is no ``security-severity``, which would turn estimates into security alerts.
"""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from aicodelint.finding import FileResult, Finding, Status
from aicodelint.report.base import Style, Summary, Tool, sentence
from aicodelint.report.record import to_json
from aicodelint.rules import ABOUT_IGNORES, Rule, rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
CATEGORY = "aicodelint/"
SOURCE_ROOT = "%SRCROOT%"
MAX_RESULTS = 25_000
MAX_NOTIFICATIONS = 10_000
MAX_COMPRESSED = 9_000_000
_KINDS = {"inline": "inSource"}
_ADVICE = (
    "This is an estimate by a statistical model, not evidence that could settle an accusation. Review the code as you would review code of unknown "
    "origin. If the verdict is wrong or the code is accepted, write the comment `aicodelint: ignore` beside it."
)


class SarifReport:
    """One run. Findings are held back to the end, up to the limit; suppressed ones go in with their suppression."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._base = style.base
        self._tool: Tool | None = None
        self._rules: tuple[Rule, ...] = ()
        self._kept: list[tuple[float, int, str]] = []
        self._results = 0
        self._skipped: list[dict[str, Any]] = []
        self._untold: Counter[str] = Counter()

    def start(self, tool: Tool) -> None:
        """Learn the rules."""
        self._tool = tool
        self._rules = rules(tool.model.families)

    def add(self, result: FileResult) -> None:
        """Keep the findings of one file, or why it was skipped."""
        for finding in result.findings:
            self._keep(finding, None)
        for finding in result.suppressed_findings:
            self._keep(finding, result.suppressed)
        if result.status is Status.SKIPPED:
            reason = result.reason or "unknown"
            if len(self._skipped) < MAX_NOTIFICATIONS:
                self._skipped.append({**_note(f"Skipped: {reason}", "AIC-SKIPPED"), "locations": [{"physicalLocation": self._file(result.path)}]})
            else:
                self._untold[reason] += 1

    def finish(self, summary: Summary) -> None:
        """Write the run."""
        results = self._fitting_results()
        notifications = list(self._skipped)
        if self._untold:
            counts = ", ".join(f"{count} {reason}" for reason, count in sorted(self._untold.items()))
            notifications.append(_note(f"More files were skipped than are listed: {counts}", "AIC-SKIPPED"))
        if len(results) < self._results:
            text = f"Only the {len(results)} most confident of {self._results} findings are listed: SARIF viewers refuse larger files."
            notifications.append({**_note(text, "AIC-LIMIT"), "level": "warning"})
        head = {
            "tool": {"driver": self._driver()},
            "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
            "originalUriBaseIds": {SOURCE_ROOT: {"uri": f"{Path(self._base or '/').as_uri().rstrip('/')}/"}},
            "automationDetails": {"id": CATEGORY},
            "columnKind": "unicodeCodePoints",
        }
        body = to_json(head)
        self._stream.write(f'{{"$schema": "{SCHEMA}",\n "version": "2.1.0",\n "runs": [{body[:-1]},\n "results": [')
        for index, line in enumerate(results):
            self._stream.write(("\n  " if index == 0 else ",\n  ") + line)
        self._stream.write("\n ]}]}\n")

    def _keep(self, finding: Finding, suppressed: str | None) -> None:
        """Remember a result; where there are too many, forget the least confident, the latest of equals."""
        self._results += 1
        entry = (finding.p_ai or 0.0, -self._results, to_json(self._result(finding, suppressed)))
        if len(self._kept) < MAX_RESULTS:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)

    def _fitting_results(self) -> list[str]:
        """The results as JSON in the order they came, without the least confident that would burst the limit on compressed size."""
        size = 0
        compressor = zlib.compressobj(1)
        lines: list[tuple[int, str]] = []
        for _, order, line in sorted(self._kept, reverse=True):
            size += len(compressor.compress(line.encode()))
            if size > MAX_COMPRESSED:
                break
            lines.append((-order, line))
        return [line for _, line in sorted(lines)]

    def _result(self, finding: Finding, suppressed: str | None) -> dict[str, Any]:
        place = self._file(finding.path)
        place["region"] = {
            "startLine": finding.start_line,
            "startColumn": 1,
            "endLine": finding.end_line,
            "endColumn": max(finding.end_column, 2 if finding.start_line == finding.end_line else 1),
        }
        result: dict[str, Any] = {
            "ruleId": finding.code,
            "ruleIndex": next(index for index, rule in enumerate(self._rules) if rule.code == finding.code),
            "level": "warning",
            "message": {"text": f"{sentence(finding)}."},
            "locations": [{"physicalLocation": place}],
            "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint},
            "properties": {"p_ai": finding.p_ai, "family": finding.family, "family_confidence": finding.family_confidence},
        }
        if self._tool is not None and self._tool.baseline:
            result["baselineState"] = "unchanged" if suppressed == "baseline" else "new"
        if suppressed is not None:
            result["suppressions"] = [{"kind": _KINDS.get(suppressed, "external"), "justification": f"aicodelint: {suppressed}"}]
        return result

    def _file(self, path: str) -> dict[str, Any]:
        """Return a physicalLocation without a region."""
        if Path(path).is_absolute():
            return {"artifactLocation": {"uri": f"file:///{encoded(path).lstrip('/')}"}}
        return {"artifactLocation": {"uri": encoded(path), "uriBaseId": SOURCE_ROOT}}

    def _driver(self) -> dict[str, Any]:
        assert self._tool is not None
        return {
            "name": "aicodelint",
            "version": self._tool.version,
            "semanticVersion": semantic_version(self._tool.version),
            "rules": [_rule(rule) for rule in self._rules],
            "notifications": list(_notification_descriptors()),
            # Not the engine: the same files give the same bytes wherever the model ran.
            "properties": {"model": self._tool.model.name, "model_fingerprint": self._tool.model.fingerprint},
        }


def encoded(path: str) -> str:
    """Return a path, as reports show it, percent-encoded as a URI reference."""
    return quote(path.encode("utf-8", "surrogatepass"), safe="/")


def semantic_version(version: str) -> str:
    """Return a Python version as a semantic one: ``0.2.0.dev3`` -> ``0.2.0-dev3``."""
    numbers = version.split(".")
    core = [part for part in numbers[:3] if part.isdigit()]
    rest = ".".join(numbers[len(core) :])
    return ".".join([*core, *["0"] * (3 - len(core))]) + (f"-{rest.replace('+', '.')}" if rest else "")


def _rule(rule: Rule) -> dict[str, Any]:
    estimate = rule.code not in ABOUT_IGNORES
    advice = _ADVICE if estimate else "Take the comment `aicodelint: ignore` away, or write after it why it is there: `-- the reason`."
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {advice}".replace("`", "'")},
        "help": {"text": advice.replace("`", "'"), "markdown": advice},
        "defaultConfiguration": {"level": "warning"},
        "properties": {
            "precision": "medium" if estimate else "very-high",
            "problem.severity": "warning",
            "tags": ["ai-generated", "maintainability", "provenance"] if estimate else ["maintainability"],
        },
    }


def _note(text: str, descriptor: str) -> dict[str, Any]:
    return {"level": "note", "message": {"text": text}, "descriptor": {"id": descriptor}}


def _notification_descriptors() -> Iterator[dict[str, Any]]:
    for name, text in (("AIC-SKIPPED", "A file was collected but not judged."), ("AIC-LIMIT", "Not every finding is in this file.")):
        yield {"id": name, "shortDescription": {"text": text}, "fullDescription": {"text": text}}
