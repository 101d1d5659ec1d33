from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO

import pytest

from aicodelint.finding import FileResult, Finding, Region, Status
from aicodelint.model import Model, Thresholds
from aicodelint.report.base import Style, Summary, Tool
from aicodelint.report.formats import open_report
from aicodelint.rules import FAMILIES

TOOL = Tool("0.1.0", Model("rule", "0123456789abcdef", FAMILIES, Thresholds(0.9, 0.5, 0.4)), "in-process", "cpu")
PROBABILITIES = (0.0325, 0.61, *[0.0325] * 11)


def _ai(path: str, suppressed: str | None = None, p_ai: float = 0.9731) -> FileResult:
    snippet = tuple(f"line({number})" for number in range(3, 11))
    finding = Finding("AIC102", path, 3, 40, "Looks AI-generated; likeliest model family: Qwen", "f" * 32, p_ai, "Qwen", 0.61, snippet, end_column=12)
    return FileResult(
        path=path,
        language="Python",
        status=Status.AI,
        p_ai=p_ai,
        code="AIC102",
        family="Qwen",
        family_confidence=0.61,
        families=PROBABILITIES,
        regions=(Region(3, 40, 0.98, "Qwen", 0.66),),
        suppressed=suppressed,
        fingerprint="f" * 32,
        findings=() if suppressed else (finding,),
        suppressed_findings=(finding,) if suppressed else (),
    )


@pytest.fixture
def ai_result() -> Callable[..., FileResult]:
    """Make the result of a file that was called AI-generated."""
    return _ai


@pytest.fixture
def results() -> list[FileResult]:
    """One file of each kind."""
    return [
        _ai("src/a.py"),
        _ai("src/b.py", suppressed="inline"),
        FileResult("c.py", "Python", Status.HUMAN, p_ai=0.02),
        FileResult("d.go", "Go", Status.UNDETERMINED, reason="too-close", p_ai=0.7, families=PROBABILITIES),
        FileResult("logo.png", None, Status.SKIPPED, reason="binary"),
        FileResult("x.min.js", None, Status.SKIPPED, reason="minified"),
        FileResult("y.png", None, Status.SKIPPED, reason="binary"),
    ]


@pytest.fixture
def written() -> Callable[..., str]:
    """Return what a report of some format says of results."""

    def write(name: str, results: Iterable[FileResult], tool: Tool = TOOL, seconds: float = 1.234, **style: object) -> str:
        stream = StringIO()
        report = open_report(name, stream, Style(**style))  # type: ignore[arg-type]
        summary = Summary(seconds=seconds)
        report.start(tool)
        for result in results:
            summary.add(result)
            report.add(result)
        report.finish(summary)
        return stream.getvalue()

    return write
