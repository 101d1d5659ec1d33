"""The report of ``aicodelint evaluate`` as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aicodelint.report.base import printable

MISSING = "–"  # noqa: RUF001
MOST_ROWS = 20
COLUMNS = {
    "value": "",
    "ai_rows": "AI rows",
    "human_rows": "human rows",
    "auc": "AUC",
    "fpr": "human flagged",
    "tpr": "AI found",
    "found": "AI found at 1 %",
    "f1": "F1",
    "ece": "ECE",
}
SHARES = frozenset({"fpr", "tpr", "found"})


def as_text(report: Mapping[str, Any]) -> str:
    """Return the report as lines. A figure for which there are too few rows is a dash."""
    return "\n".join(printable(line) for line in _lines(report)) + "\n"


def number(value: float | None, places: int = 3) -> str:
    """Return a figure, or a dash for None."""
    return MISSING if value is None else f"{value:.{places}f}"


def share(value: float | None) -> str:
    """Return a share as per cent, or a dash for None."""
    return MISSING if value is None else f"{value * 100:.1f} %"


def cell(name: str, value: Any) -> str:
    """Return one cell of a table by the name of its column."""
    if name in SHARES:
        return share(value)
    return f"{value:,}" if isinstance(value, int) else value if isinstance(value, str) else number(value)


def main_figures(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what is said of AI against human: a name, the figure, and what belongs beside it."""
    found, limit = report["figures"], report["thresholds"]["ai"]
    at = f"at the threshold of {limit}" if "folds" not in report["method"] else "at the folds' own thresholds"
    human, machine = (f"{found[f'flagged_{kind}_rows']:,} of {found[f'{kind}_rows']:,}" for kind in ("human", "ai"))
    lines = [
        ("AUC", number(found["auc"]), _between(found, "auc", number)),
        (f"human rows flagged {at}", share(found["fpr"]), f"{_between(found, 'fpr', share)} {human}".strip()),
        (f"AI rows found {at}", share(found["tpr"]), f"{_between(found, 'tpr', share)} {machine}".strip()),
        ("AI rows found at 1 % false positives", share(found["found_at_1"]), _between(found, "found_at_1", share)),
    ]
    for key, words in (("modern", "human rows from 2023 on"), ("older", "human rows before 2023")):
        part = found[key]
        if part is not None:
            lines += [
                (f"{words} ({part['human_rows']:,}): AUC against them", number(part["auc"]), _between(part, "auc", number)),
                (f"{words}: flagged", share(part["fpr"]), _between(part, "fpr", share)),
                (f"AI rows found at 1 % of {words}", share(part["found_at_1"]), _between(part, "found_at_1", share)),
            ]
    lines.append(("calibration error (15 bins of equal mass)", number(found["ece"]), ""))
    lines.append(("calibration error (10 bins of equal width)", number(found["ece_equal_width"]), ""))
    return lines


def family_figures(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what is said of families, over AI rows."""
    found = report["figures"]["families"]
    if not found["rows"]:
        return []
    over, ten = found["macro_f1_over"], found["macro_f1_ten_over"]
    return [
        ("macro-F1", number(found["macro_f1"]), f"over {len(over)} families that the bundle knows and the rows have"),
        ("macro-F1 over the ten, renormalised", number(found["macro_f1_ten"]), f"over the {len(ten)} of the ten that the rows have"),
        ("macro-F1 of labels, Human among them", number(found["macro_f1_labels"]), "at the threshold"),
        ("AI rows whose family is named", share(found["named"]), f"{found['named_rows']:,} rows"),
        ("named families that are right", share(found["precision"]), "unknown authors count as wrong"),
        ("the same, named human rows counted as wrong too", share(found["precision_with_human"]), ""),
    ]


def table(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return head and body of one table by value; columns that no row has are left out."""
    names = [name for name in COLUMNS if name == "value" or any(row.get(name) is not None for row in rows)]
    return [COLUMNS[name] for name in names], [[cell(name, row.get(name)) for name in names] for row in rows]


def summary(report: Mapping[str, Any]) -> str:
    """Return one sentence: what was judged by what."""
    found, tool = report["figures"], report["tool"]
    counts = f"{found['rows']:,} rows ({found['ai_rows']:,} AI, {found['human_rows']:,} human)"
    return f"{counts}, judged by {tool['model']} ({tool['model_fingerprint']}), {report['method']}"


def sureness(report: Mapping[str, Any]) -> str:
    """Return the sentence about the intervals."""
    found = report["figures"]
    return f"In brackets: 95 % intervals, by a bootstrap over {found['clusters']:,} {found['bootstrap']}. {MISSING}: too few rows for a figure."


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield summary(report)
    for note in report["notes"]:
        yield f"note: {note}"
    found = report["figures"]
    if found["too_little"]:
        yield f"{found['too_little']:,} rows are too short for a verdict that could accuse anyone: never flagged"
    for title, lines in (("AI or human", main_figures(report)), ("Families of AI rows", family_figures(report))):
        if lines:
            yield ""
            yield title
            width = max(len(name) for name, _, _ in lines)
            yield from (f"  {name:{width}}  {value:>8}  {beside}".rstrip() for name, value, beside in lines)
    for kind, rows in report["by"].items():
        yield ""
        yield f"By {kind}"
        yield from _aligned(*table(rows[:MOST_ROWS]))
        if len(rows) > MOST_ROWS:
            yield f"  and {len(rows) - MOST_ROWS} more: --format json or --html shows them"
    yield ""
    yield sureness(report)


def _aligned(head: list[str], body: list[list[str]]) -> Iterator[str]:
    lines = [head, *body]
    widths = [max(len(printable(line[place])) for line in lines) for place in range(len(head))]
    for line in lines:
        first, *rest = (printable(text) for text in line)
        cells = [f"{first:{widths[0]}}", *(f"{text:>{width}}" for text, width in zip(rest, widths[1:], strict=True))]
        yield "  " + "  ".join(cells)


def _between(found: Mapping[str, Any], name: str, show: Any) -> str:
    interval = found.get(f"{name}_95")
    return f"({show(interval[0])} to {show(interval[1])})" if interval else ""
