"""The report of ``aicodelint evaluate`` as one HTML file that loads nothing: charts as inline SVG, every figure as text, light and dark."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from aicodelint.report.html_charts import Bar, figure
from aicodelint.report.html_page import STYLE as PAGE_STYLE
from aicodelint.report.html_source import clean
from aicodelint.training.evaluate_charts import STYLE, confusion_chart, reliability_chart, roc_chart
from aicodelint.training.evaluate_text import COLUMNS, family_figures, main_figures, share, summary, sureness, table

LEFT_END = 0.05
MOST_BARS = 20
MOST_ROWS = 500
_STYLE = PAGE_STYLE + STYLE


def as_page(report: Mapping[str, Any]) -> str:
    """Return the page. Names from the table are shown and do nothing."""
    parts = ["<body>\n<header><h1>aicodelint evaluation</h1>\n", f'<p class="dim">{clean(summary(report))}</p></header>\n<main>\n']
    if report["notes"]:
        parts.append('<div class="note">' + "".join(f"<p>{clean(note)}</p>" for note in report["notes"]) + "</div>\n")
    found = report["figures"]
    parts.append("<h2>AI or human</h2>\n" + _figures(main_figures(report)) + f"<p>{clean(sureness(report))}</p>\n")
    charts = ""
    if found["roc"]:
        charts += roc_chart(found["roc"]) + roc_chart(found["roc"], LEFT_END)
    if found["reliability"]:
        charts += reliability_chart(found["reliability"])
    if charts:
        parts.append(f'<div class="figures">{charts}</div>\n')
    if found["reliability"]:
        parts.append(_reliability(found["reliability"]))
    if found["families"]["rows"]:
        parts.append("<h2>Families of AI rows</h2>\n" + _figures(family_figures(report)) + _confusion(found["families"]["confusion"]))
    for kind, rows in report["by"].items():
        parts.append(_by(kind, rows))
    parts.append("</main>\n</body>\n</html>\n")
    return _head() + "".join(parts)


def _head() -> str:
    digest = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>aicodelint evaluation</title>\n<style>{_STYLE}</style>\n</head>\n"
    )


def _figures(lines: Sequence[tuple[str, str, str]]) -> str:
    body = "".join(
        f'<tr><th scope="row">{clean(name.strip())}</th><td class="r">{clean(value)}</td><td>{clean(beside)}</td></tr>'
        for name, value, beside in lines
    )
    return f'<div class="scroll"><table><tbody>{body}</tbody></table></div>\n'


def _table(head: Sequence[str], body: Sequence[Sequence[str]], label: str) -> str:
    heads = "".join(f'<th scope="col"{_right(place)}>{clean(name)}</th>' for place, name in enumerate(head))
    rows = "".join("<tr>" + "".join(f"<td{_right(place)}>{clean(text)}</td>" for place, text in enumerate(line)) + "</tr>" for line in body)
    return (
        f'<div class="scroll table" role="region" aria-label="{clean(label)}" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>\n"
    )


def _right(place: int) -> str:
    return ' class="r"' if place else ""


def _reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    body = [[f"{part['probability']:.3f}", f"{part['share']:.3f}", f"{part['rows']:,}"] for part in bins]
    table_of_bins = _table(("P(AI) that was said", "share that is AI", "rows"), body, "Reliability by bin")
    return f"<details><summary>Reliability: the numbers</summary>{table_of_bins}</details>\n"


def _confusion(confusion: Mapping[str, Any] | None) -> str:
    if not confusion:
        return ""
    body = [[name, *map(str, counts)] for name, counts in zip(confusion["true"], confusion["rows"], strict=True)]
    numbers = _table(("true author", *confusion["named"]), body, "Confusion matrix")
    return (
        "<h3>Confusion matrix</h3><p>A row an author, a column the likeliest family whatever its confidence; shaded by the share of the row.</p>\n"
        f'<div class="scroll">{confusion_chart(confusion)}</div><details><summary>Confusion matrix: the numbers</summary>{numbers}</details>\n'
    )


def _by(kind: str, rows: Sequence[Mapping[str, Any]]) -> str:
    chosen = [row for row in rows if row.get("found") is not None]
    bars = [Bar(row["value"], row["found"], share(row["found"]), "ai") for row in chosen[:MOST_BARS]]
    chart = f'<div class="figures">{figure(f"AI rows found at 1 % false positives, by {kind}", bars, (kind, COLUMNS["found"]))}</div>' if bars else ""
    left_out = f"<p>The {MOST_ROWS} largest of {len(rows):,}; all are in the JSON.</p>" if len(rows) > MOST_ROWS else ""
    return f"<h2>By {kind}</h2>\n{chart}{left_out}{_table(*table(rows[:MOST_ROWS]), f'By {kind}')}"
