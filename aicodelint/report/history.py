"""What ``aicodelint history`` shows: a table with its plot, the plot as an image, and a table by author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from aicodelint.report.base import printable
from aicodelint.report.html_source import clean

if TYPE_CHECKING:
    from aicodelint.history import Month
    from aicodelint.history_authors import AuthorShare

BAR = 30
TITLE = "Share of lines in files that look AI-generated, by month"
WIDTH = 32
CAUTION = "A file counts for whoever brought this version of it, not for who wrote each line. These are estimates; they prove nothing about a person."


def months_text(months: Sequence[Month]) -> Iterator[str]:
    """Yield the table with its plot: a bar for the share of lines, at full width the greatest share of all."""
    most = max((month.share for month in months), default=0.0)
    yield f"{'month':<8} {'commit':<12} {'files':>7} {'AI':>6} {'lines':>9} {'AI lines':>9} {'share':>7}  (a full bar: {most:.1%})"
    for month in months:
        bar = "#" * round(month.share / most * BAR) if most else ""
        row = (
            f"{month.month:<8} {month.commit[:12]:<12} {month.files:>7} {month.ai_files:>6} {month.lines:>9} {month.ai_lines:>9} {month.share:>7.1%}"
        )
        yield f"{row}  {bar}".rstrip()


def months_svg(months: Sequence[Month]) -> str:
    """Return the plot as a standalone SVG image: a column a month, its height the share of lines."""
    width, height, column = max(80 + 34 * len(months), 400), 220, 34
    most = max((month.share for month in months), default=0.0) or 1.0
    drawn = []
    for number, month in enumerate(months):
        left, tall = 50 + number * column, round(month.share / most * 140, 1)
        drawn.append(
            f'<rect x="{left}" y="{170 - tall}" width="24" height="{tall}" fill="#b3401a"><title>{month.month}: {month.share:.1%}</title></rect>'
        )
        drawn.append(f'<text transform="translate({left + 8} 180) rotate(60)">{clean(month.month)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 20}" font-family="sans-serif" font-size="11" role="img">'
        f"<title>{TITLE}</title>"
        f'<rect width="{width}" height="{height + 20}" fill="#ffffff"/>'
        f'<text x="4" y="16" font-weight="bold">{TITLE}</text>'
        f'<text x="4" y="36">{most:.0%}</text><text x="4" y="174">0%</text>{"".join(drawn)}</svg>\n'
    )


def authors_text(month: str, authors: Iterable[AuthorShare]) -> Iterator[str]:
    """Yield a table of one month by author, and what it does not say."""
    yield f"{f'{month} by author':<{WIDTH}} {'files':>7} {'AI':>6} {'lines':>9} {'AI lines':>9} {'share':>7}"
    for one in authors:
        name = printable(one.author)[:WIDTH]
        yield f"{name:<{WIDTH}} {one.files:>7} {one.ai_files:>6} {one.lines:>9} {one.ai_lines:>9} {one.share:>7.1%}"
    yield CAUTION
