"""Bar charts of the HTML report as inline SVG; each stands beside its numbers as a table, for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aicodelint.report.html_source import clean

ROW = 24
LABELS = 170
BARS = 300
NUMBERS = 130
LABEL_LETTERS = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``share`` of the full width, ``value`` in words, ``kind`` a class of the style sheet."""

    label: str
    share: float
    value: str
    kind: str = ""


def figure(title: str, bars: Sequence[Bar], heads: tuple[str, str]) -> str:
    """Return a chart with its title, and its numbers as a table under it; ``heads`` are that table's headings."""
    height = ROW * max(len(bars), 1)
    drawn = "".join(_bar(index, bar) for index, bar in enumerate(bars))
    rows = "".join(f"<tr><td>{clean(bar.label)}</td><td>{clean(bar.value)}</td></tr>" for bar in bars)
    return (
        f"<figure><figcaption>{clean(title)}</figcaption>"
        f'<svg viewBox="0 0 {LABELS + BARS + NUMBERS} {height}" role="img" '
        f'aria-label="{clean(title)}; the numbers are in the table below">{drawn}</svg>'
        f"<details><summary>{clean(title)}: the numbers</summary>"
        f'<table><thead><tr><th scope="col">{clean(heads[0])}</th><th scope="col">{clean(heads[1])}</th></tr></thead><tbody>{rows}</tbody></table>'
        "</details></figure>\n"
    )


def _bar(index: int, bar: Bar) -> str:
    top = index * ROW
    label = bar.label if len(bar.label) <= LABEL_LETTERS else f"…{bar.label[1 - LABEL_LETTERS :]}"
    width = round(max(min(bar.share, 1.0), 0.0) * BARS, 1)
    return (
        f'<text x="{LABELS - 8}" y="{top + 16}" text-anchor="end">{clean(label)}</text>'
        f'<rect class="bar {bar.kind}" x="{LABELS}" y="{top + 4}" width="{width}" height="{ROW - 8}"/>'
        f'<text x="{LABELS + width + 6}" y="{top + 16}">{clean(bar.value)}</text>'
    )
