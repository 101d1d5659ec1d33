"""The source of one file in the HTML report: a line for each line, shaded by how AI-generated its region looks, with highlighted syntax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from aicodelint.finding import FileResult, Region, SourceFile
from aicodelint.regions import file_line
from aicodelint.report.base import printable, two_places

MAX_LINES = 2_000
MAX_COLUMNS = 400
MAX_HIGHLIGHTED = 200_000
TAB = 4
_CLASSES = (("Keyword", "k"), ("Literal.String", "s"), ("Comment", "c"), ("Literal.Number", "m"), ("Name.Function", "f"), ("Name.Class", "f"))
_SHADES = ((0.95, "s4"), (0.8, "s3"), (0.5, "s2"), (0.2, "s1"))


def clean(text: str) -> str:
    """Return ``text`` as HTML that shows it and does nothing else; control and invisible characters show as escapes."""
    return escape(printable(text))


def source_lines(result: FileResult, most: int = MAX_LINES) -> Iterator[str]:
    """Yield the lines of a file as HTML, at most ``most`` of them, with a heading where a region begins."""
    source = result.source
    if source is None or source.text is None:
        return
    lines = [line.rstrip("\r")[:MAX_COLUMNS].expandtabs(TAB) for line in source.text.split("\n")[:most]]
    regions = sorted(result.regions, key=lambda region: region.start_line)
    at, current = 0, None
    for number, inside in zip(_numbers(source, len(lines)), _highlighted(lines, result.language), strict=True):
        while at < len(regions) and regions[at].start_line <= number:
            current = regions[at]
            at += 1
            yield f'<span class="g">{_heading(current)}</span>'
        shade = _shade(current.p_ai) if current is not None and number <= current.end_line else ""
        yield f'<span class="l{shade}"><span class="n">{number}</span>{inside}\n</span>'


def _numbers(source: SourceFile, count: int) -> Iterator[int]:
    for line in range(1, count + 1):
        yield file_line(source, line)


def _heading(region: Region) -> str:
    family = f", likeliest family {region.family} ({two_places(region.family_confidence or 0.0)})" if region.family else ""
    return clean(f"lines {region.start_line} to {region.end_line}: P(AI) {two_places(region.p_ai)}{family}")


def _shade(p_ai: float) -> str:
    return next((f" {name}" for least, name in _SHADES if p_ai >= least), "")


def _highlighted(lines: Sequence[str], language: str | None) -> list[str]:
    """Return the lines as HTML; plain where pygments does not know the language or would change the text."""
    plain = [clean(line) for line in lines]
    text = "\n".join(lines)
    if len(text) > MAX_HIGHLIGHTED:
        return plain
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name((language or "text").lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return plain
    html: list[list[str]] = [[]]
    read: list[list[str]] = [[]]
    for kind, value in lexer.get_tokens(text):
        name = _css_class(str(kind).removeprefix("Token."))
        for index, part in enumerate(value.split("\n")):
            if index:
                html.append([])
                read.append([])
            if part:
                html[-1].append(f'<span class="{name}">{clean(part)}</span>' if name else clean(part))
                read[-1].append(part)
    return ["".join(parts) for parts in html] if ["".join(parts) for parts in read] == list(lines) else plain


def _css_class(kind: str) -> str | None:
    return next((name for prefix, name in _CLASSES if kind.startswith(prefix)), None)
