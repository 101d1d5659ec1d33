"""Windows of a verdict -> regions: runs of lines that are judged alike."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from aicodelint.finding import Region, SourceFile, WindowVerdict
from aicodelint.model import FamilyThreshold, enough_for


def named_family(probabilities: Sequence[float] | None, names: Sequence[str], threshold: FamilyThreshold) -> tuple[str | None, float | None]:
    """Return the likeliest family and its probability, or (None, None) where that is not enough by ``threshold`` or nothing is known."""
    if not probabilities:
        return None, None
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    confidence = round(probabilities[best], 4)
    return (names[best], confidence) if confidence >= enough_for(threshold, names[best]) else (None, None)


def merge_windows(
    windows: Iterable[WindowVerdict], names: Sequence[str], ai_threshold: float, family_threshold: FamilyThreshold
) -> tuple[Region, ...]:
    """Merge neighbours that lie on the same side of ``ai_threshold`` and name the same family.

    Probabilities are means weighted with the number of lines. Only regions at or above the threshold name a family. Lines count in the text.
    """
    regions: list[Region] = []
    runs: list[list[WindowVerdict]] = []
    last: tuple[bool, str | None] | None = None
    for window in sorted(windows, key=lambda window: (window.start_line, window.end_line)):
        is_ai = window.p_ai >= ai_threshold
        kind = (is_ai, named_family(window.families, names, family_threshold)[0] if is_ai else None)
        if kind == last:
            runs[-1].append(window)
        else:
            runs.append([window])
        last = kind
    for run in runs:
        p_ai = _mean([(window.p_ai, _lines(window)) for window in run])
        family, confidence = (None, None)
        if run[0].p_ai >= ai_threshold:
            family, confidence = named_family(_mean_families(run), names, family_threshold)
        regions.append(Region(run[0].start_line, max(window.end_line for window in run), p_ai, family, confidence))
    return tuple(regions)


def to_file_lines(region: Region, source: SourceFile) -> Region:
    """Return a region of the text of ``source`` with the line numbers of the file on disk."""
    return replace(region, start_line=file_line(source, region.start_line), end_line=file_line(source, region.end_line))


def file_line(source: SourceFile, line: int) -> int:
    """Return the 1-based line of the file where line ``line`` of the text stands."""
    numbers = source.line_numbers
    return line if not numbers else numbers[min(max(line, 1), len(numbers)) - 1]


def text_lines(source: SourceFile, start: int, end: int) -> tuple[int, int] | None:
    """Return the first and the last 1-based line of the text that stand between lines ``start`` and ``end`` of the file, or None."""
    numbers = source.line_numbers
    if not numbers:
        return start, end
    first, last = bisect_left(numbers, start) + 1, bisect_right(numbers, end)
    return (first, last) if first <= last else None


def overlap(region: Region, ranges: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the longest stretch of ``region`` inside one of the inclusive ``ranges`` (the first of equals), or None."""
    best: tuple[int, int] | None = None
    for start, end in ranges:
        common = (max(start, region.start_line), min(end, region.end_line))
        if common[0] <= common[1] and (best is None or common[1] - common[0] > best[1] - best[0]):
            best = common
    return best


def _lines(window: WindowVerdict) -> int:
    return max(window.end_line - window.start_line + 1, 1)


def _mean(weighted: Sequence[tuple[float, int]]) -> float:
    return round(sum(value * weight for value, weight in weighted) / sum(weight for _, weight in weighted), 4)


def _mean_families(run: Sequence[WindowVerdict]) -> tuple[float, ...] | None:
    known = [(window.families, _lines(window)) for window in run if window.families]
    if not known:
        return None
    return tuple(_mean([(families[index], lines) for families, lines in known]) for index in range(len(known[0][0])))
