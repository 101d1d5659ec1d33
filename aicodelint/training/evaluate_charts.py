"""The charts of the evaluation page as inline SVG: ROC curve, reliability diagram, confusion matrix. Colours come from the page's style alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aicodelint.report.html_source import clean

SIDE = 300
LEFT, TOP, BOTTOM = 56, 12, 48
CELL, NAMES, HEADS = 46, 150, 110
STRONGEST = 0.55
"""The opacity of the fullest cell: its count must stay readable on it."""
LETTERS = 20
STYLE = """
.axis { stroke: var(--dim); stroke-width: 1; } .grid { stroke: var(--line); stroke-width: 1; }
.guide { stroke: var(--dim); stroke-dasharray: 4 4; fill: none; }
.curve { stroke: var(--link); stroke-width: 2; fill: none; } .point { fill: var(--link); } .full { fill: var(--ai); }
svg.wide { max-width: none; width: auto; } td, th { white-space: nowrap; } td.r, th.r { text-align: right; font-variant-numeric: tabular-nums; }
"""


def roc_chart(points: Sequence[Sequence[float]], highest: float = 1.0) -> str:
    """Return the ROC curve up to a false-positive rate of ``highest``."""
    drawn = [(x / highest, y) for x, y in points if x <= highest]
    percent = " (left end)" if highest < 1 else ""
    return _square(f"ROC curve{percent}", ("false positives", "AI rows found"), drawn, ("0", f"{highest:.0%}"), diagonal=highest == 1.0, dots=False)


def reliability_chart(bins: Sequence[Mapping[str, Any]]) -> str:
    """Return the reliability diagram: what the bundle said against what was so."""
    points = [(part["probability"], part["share"]) for part in bins]
    return _square("Reliability", ("P(AI) that was said", "share that is AI"), points, ("0", "1"), diagonal=True, dots=True)


def confusion_chart(confusion: Mapping[str, Any]) -> str:
    """Return the confusion matrix: a row an author, a column a named family, shaded by the share of the row."""
    true, named, rows = confusion["true"], confusion["named"], confusion["rows"]
    width, height = NAMES + CELL * len(named), HEADS + CELL * len(true)
    parts = [
        f'<text transform="translate({NAMES + CELL * place + CELL // 2 + 4} {HEADS - 8}) rotate(-45)">{clean(_short(name))}</text>'
        for place, name in enumerate(named)
    ]
    for line, (name, counts) in enumerate(zip(true, rows, strict=True)):
        top = HEADS + CELL * line
        parts.append(f'<text x="{NAMES - 8}" y="{top + CELL // 2 + 4}" text-anchor="end">{clean(_short(name))}</text>')
        for place, count in enumerate(counts):
            strength = STRONGEST * count / max(sum(counts), 1)
            left = NAMES + CELL * place
            parts.append(f'<rect class="full" x="{left}" y="{top}" width="{CELL - 2}" height="{CELL - 2}" fill-opacity="{strength:.3f}"/>')
            parts.append(f'<text x="{left + CELL // 2}" y="{top + CELL // 2 + 4}" text-anchor="middle">{count}</text>')
    label = "Confusion matrix of families; the numbers are in the table below"
    size = f'width="{width + 60}" height="{height}" viewBox="0 0 {width + 60} {height}"'
    return f'<svg class="wide" {size} role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _square(title: str, axes: tuple[str, str], points: Sequence[tuple[float, float]], ends: tuple[str, str], *, diagonal: bool, dots: bool) -> str:
    """Return a chart of ``points`` in the unit square; ``ends`` are what the horizontal axis begins and ends with."""
    right, low = LEFT + SIDE, TOP + SIDE
    grid = "".join(
        f'<path class="grid" d="M{LEFT} {low - SIDE * part:.0f}H{right}"/>'
        f'<text x="{LEFT - 6}" y="{low - SIDE * part + 4:.0f}" text-anchor="end">{part:g}</text>'
        for part in (0, 0.25, 0.5, 0.75, 1)
    )
    places = [(round(LEFT + SIDE * x, 1), round(low - SIDE * y, 1)) for x, y in points]
    curve = "M" + "L".join(f"{x} {y}" for x, y in places) if places else ""
    marks = "".join(f'<circle class="point" cx="{x}" cy="{y}" r="4"/>' for x, y in places) if dots else ""
    guide = f'<path class="guide" d="M{LEFT} {low}L{right} {TOP}"/>' if diagonal else ""
    words = (
        f'<text x="{LEFT}" y="{low + 18}">{ends[0]}</text><text x="{right}" y="{low + 18}" text-anchor="end">{ends[1]}</text>'
        f'<text x="{LEFT + SIDE // 2}" y="{low + 38}" text-anchor="middle">{clean(axes[0])}</text>'
        f'<text transform="translate(14 {TOP + SIDE // 2}) rotate(-90)" text-anchor="middle">{clean(axes[1])}</text>'
    )
    frame = f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{low}H{right}"/>'
    size = f'viewBox="0 0 {right + 20} {low + BOTTOM}"'
    body = f'{grid}{guide}{frame}<path class="curve" d="{curve}"/>{marks}{words}' if curve else f"{grid}{frame}{words}"
    return (
        f'<figure><figcaption>{clean(title)}</figcaption><svg {size} role="img" aria-label="{clean(title)}: {clean(axes[1])} against '
        f'{clean(axes[0])}">{body}</svg></figure>'
    )


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
