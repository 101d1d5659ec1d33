"""Features of how a text is laid out: line lengths, blank lines, indentation, punctuation, spacing. All from its bytes."""

from __future__ import annotations

import math
import string
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.features.spread import mean_and_spread, mean_and_spread_of_array

_NEWLINE, _SPACE, _TAB = 10, 32, 9
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_CHARACTER_CODES = {f"char_{c}": ord(c) for c in _PUNCTUATION}
_PAIRS = (
    ", ", ",\n", " =", "==", "=>", "->", "::", "):", ") ", ")\n", "){", " {", "{\n", "{ ", "( ", "(\n", "()", "[]", "};",
    "}\n", "} ", ");", "//", "/*", "# ", "||", "??", ".\n", ": ", ":\n", " +", " *",
    " >", ";\n", "'\n", "\"\n", "(\"", "('", "{\"", "\t\t", "  ", "\n\n", "\n}", "\n\t", "\n ", "0)", " 0", " 1",
)  # fmt: skip
_PAIR_NAMES = tuple(f"pair_{pair!r}" for pair in _PAIRS)
_PAIRED = "".join(sorted(set("".join(_PAIRS))))
# Only the few characters that stand in a pair are told apart (kind 0: all others), so that the table of pairs stays small.
_KINDS = bytes(_PAIRED.find(chr(byte)) + 1 for byte in range(256))
_MANY_KINDS = len(_PAIRED) + 1
_PAIR_CODES = np.array([_KINDS[ord(pair[0])] * _MANY_KINDS + _KINDS[ord(pair[1])] for pair in _PAIRS])
_TYPOGRAPHIC = {
    "em_dash": "\u2014",
    "arrow": "\u2192",
    "ellipsis": "\u2026",
    "rule": "\u2500",
    "check": "\u2713",
    "apostrophe": "\u2019",
    "times": "\u00d7",
}
"""Marks that hands seldom type, by name; escaped here since some look like ASCII."""
_EMOJI = "✅❌⚠🔥🚀📊🔍💡🎯⭐✨📝🔧"
_QUANTILES = {f"length_q{int(100 * q)}": q for q in (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)}
_LAST = {f"line_ends_{c}": c.encode() for c in ";{},):("}
_FIRST = {f"line_starts_{c}": c.encode() for c in '}#/*@.")'}
_LOWER, _UPPER = string.ascii_lowercase.encode(), string.ascii_uppercase.encode()


def layout_features(text: str) -> dict[str, float]:
    """Return the layout features of a text with ``\\n`` line ends."""
    raw = text.encode("utf-8", "replace") + b"\n"
    size = max(len(raw) - 1, 1)
    out = _characters(text, raw, size)
    lines = _Lines.of(raw)
    out.update(_line_lengths(lines))
    out.update(_blank_lines(lines))
    out.update(_indentation(lines))
    out.update(_line_edges(lines))
    out.update(zip(_PAIR_NAMES, _pairs(raw, size), strict=True))
    out.update(_spacing(out))
    return out


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines of a text: how many there are and, of those with more than blanks, in order: their numbers, lengths, indents, edges."""

    count: int
    blank_with_spaces: int
    numbers: NDArray[np.int64]
    lengths: NDArray[np.int64]
    indents: NDArray[np.int64]
    trailing: NDArray[np.int64]
    tabbed: NDArray[np.bool_]
    heads: NDArray[np.uint8]
    tails: NDArray[np.uint8]

    @classmethod
    def of(cls, raw: bytes) -> _Lines:
        """Return the lines of a text that ends with a newline. Every byte up to the space is a blank."""
        data = np.frombuffer(raw, dtype=np.uint8)
        ends = np.flatnonzero(data == _NEWLINE)
        starts = np.empty_like(ends)
        starts[0] = 0
        starts[1:] = ends[:-1] + 1
        lengths = ends - starts
        inked = np.flatnonzero(data > _SPACE)
        # The marks of a line are inked[before[line]:until[line]].
        until = np.searchsorted(inked, ends)
        before = np.empty_like(until)
        before[0] = 0
        before[1:] = until[:-1]
        solid = before < until
        numbers = np.flatnonzero(solid)
        starts = starts[numbers]
        first, last = inked[before[numbers]], inked[until[numbers] - 1]
        return cls(
            count=len(ends),
            blank_with_spaces=int(np.count_nonzero(lengths)) - int(np.count_nonzero(lengths[numbers])),
            numbers=numbers,
            lengths=lengths[numbers],
            indents=first - starts,
            trailing=ends[numbers] - last - 1,
            tabbed=data[starts] == _TAB,
            heads=data[first],
            tails=data[last],
        )


def _among(characters: bytes, some: bytes) -> int:
    """Return how many of ``characters`` are among ``some``."""
    return len(characters) - len(characters.translate(None, some))


def _pairs(raw: bytes, size: int) -> list[float]:
    kinds = np.frombuffer(raw.translate(_KINDS), dtype=np.uint8).astype(np.int64)
    counts = np.bincount(kinds[:-1] * _MANY_KINDS + kinds[1:], minlength=_MANY_KINDS**2)
    rates: list[float] = (100 * (counts[_PAIR_CODES] / size)).tolist()
    return rates


def _characters(text: str, raw: bytes, size: int) -> dict[str, float]:
    counts = np.bincount(np.frombuffer(raw, dtype=np.uint8), minlength=256)
    rate: list[float] = (100 * counts / size).tolist()
    lower, upper = sum(rate[97:123]), sum(rate[65:91])
    out = {
        "characters_log": math.log1p(len(text)),
        "lower": lower,
        "upper": upper,
        "digits": sum(rate[48:58]),
        "upper_share": upper / (upper + lower + 1e-9),
        "non_ascii": sum(rate[128:]),
        "cyrillic": rate[0xD0] + rate[0xD1],
        "cjk": sum(rate[0xE3:0xEA]),
        "accents": rate[0xC3],
        "four_byte": rate[0xF0],
        "spaces": rate[_SPACE],
        "tabs": rate[_TAB],
        "byte_entropy": _entropy(counts),
    }
    out.update([(name, rate[code]) for name, code in _CHARACTER_CODES.items()])
    ascii_only = text.isascii()
    for name, mark in _TYPOGRAPHIC.items():
        out[f"mark_{name}"] = 0.0 if ascii_only else 1000 * text.count(mark) / size
    out["mark_emoji"] = 0.0 if ascii_only else 1000 * sum(text.count(mark) for mark in _EMOJI) / size
    return out


def _entropy(counts: NDArray[np.int64]) -> float:
    some = counts[counts > 0]
    shares = some / np.add.reduce(some)
    return -float(shares @ np.log2(shares))


def _line_lengths(lines: _Lines) -> dict[str, float]:
    lengths = lines.lengths if len(lines.numbers) else np.zeros(1, dtype=np.int64)
    content = lengths - lines.indents if len(lines.numbers) else lengths
    ordered: list[int] = np.sort(lengths).tolist()
    some = len(ordered)
    out: dict[str, float] = {"lines_log": math.log1p(lines.count), "solid_lines_log": math.log1p(len(lines.numbers))}
    for name, q in _QUANTILES.items():
        out[name] = float(ordered[int(q * (some - 1))])
    mean, spread = mean_and_spread_of_array(lengths)
    content_mean, content_spread = mean_and_spread_of_array(content)
    steps = np.abs(lengths[1:] - lengths[:-1])
    out |= {
        "length_mean": mean,
        "length_std": spread,
        "length_cv": spread / (mean + 1),
        "length_max_log": math.log1p(ordered[-1]),
        "length_over_79": 1 - bisect_right(ordered, 79) / some,
        "length_over_100": 1 - bisect_right(ordered, 100) / some,
        "length_over_120": 1 - bisect_right(ordered, 120) / some,
        "length_72_to_80": (bisect_right(ordered, 80) - bisect_right(ordered, 71)) / some,
        "length_under_4": np.count_nonzero(content < 4) / some,
        "content_mean": content_mean,
        "content_std": content_spread,
        "length_step": int(np.add.reduce(steps)) / max(len(steps), 1) / (mean + 1),
    }
    return out


def _blank_lines(lines: _Lines) -> dict[str, float]:
    gaps = lines.numbers[1:] - lines.numbers[:-1]
    # Runs of blank lines between two others: the index of the line above each, how long each is, and the blocks they leave.
    above = np.flatnonzero(gaps > 1)
    runs: list[int] = (gaps[above] - 1).tolist()
    begins: list[int] = (lines.numbers[above] + 1).tolist()
    stops = [begin + run for begin, run in zip(begins, runs, strict=True)]
    blocks = [begin - stop for begin, stop in zip([*begins, lines.count], [0, *stops], strict=True)]
    tails = lines.tails[above].tobytes()
    heads = lines.heads[above + 1].tobytes()
    many = max(len(runs), 1)
    mean, spread = mean_and_spread(blocks)
    return {
        "blank_share": (lines.count - len(lines.numbers)) / lines.count,
        "blank_runs_one": runs.count(1) / many,
        "blank_runs_two": runs.count(2) / many,
        "blank_runs_more": sum([run > 2 for run in runs]) / many,
        "blank_runs_spread": mean_and_spread(runs)[1],
        "block_mean": mean,
        "block_std": spread,
        "block_cv": spread / (mean + 0.1),
        "block_max_log": math.log1p(max(blocks)),
        "block_of_one": blocks.count(1) / len(blocks),
        "blank_after_brace": tails.count(b"{") / many,
        "blank_after_colon": tails.count(b":") / many,
        "blank_after_close": tails.count(b"}") / many,
        "blank_before_close": heads.count(b"}") / many,
        "blank_before_comment": _among(heads, b"#/") / many,
    }


def _indentation(lines: _Lines) -> dict[str, float]:
    widths, tabbed = lines.indents, lines.tabbed
    if not len(widths):
        widths, tabbed = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.bool_)
    levels = np.bincount(np.minimum(widths, 63))
    indents = len(widths) - int(levels[0])
    spaces: list[int] = np.bincount(widths[~tabbed & (widths > 0)] & 3, minlength=4).tolist()
    some = max(sum(spaces), 1)
    changes = widths[1:] - widths[:-1]
    # How many steps go down, stay, go up by one, two, three, four, more.
    steps: list[int] = np.bincount(np.minimum(np.maximum(changes, -1), 5) + 1, minlength=7).tolist()
    many = max(len(changes), 1)
    up = max(sum(steps[2:]), 1)
    mean, spread = mean_and_spread_of_array(widths)
    return {
        "indented": indents / len(widths),
        "tabbed": np.count_nonzero(tabbed) / max(indents, 1),
        "indent_mean": mean,
        "indent_std": spread,
        "indent_max_log": math.log1p(int(np.maximum.reduce(widths))),
        "indent_entropy": _entropy(levels),
        "indent_levels": float(np.count_nonzero(levels)),
        "indent_odd": (spaces[1] + spaces[3]) / some,
        "indent_by_four": spaces[0] / some,
        "indent_step_two": steps[3] / up,
        "indent_step_four": steps[5] / up,
        "indent_step_large": steps[6] / up,
        "indent_steps": (len(changes) - steps[1]) / many,
        "indent_step_mean": int(np.add.reduce(np.abs(changes))) / many,
    }


def _line_edges(lines: _Lines) -> dict[str, float]:
    heads, tails = lines.heads.tobytes(), lines.tails.tobytes()
    some = max(len(heads), 1)
    out = {name: tails.count(mark) / some for name, mark in _LAST.items()}
    out.update([(name, heads.count(mark) / some) for name, mark in _FIRST.items()])
    out["line_ends_letter"] = _among(tails, _LOWER) / some
    out["line_ends_full_stop"] = tails.count(b".") / some
    out["line_starts_upper"] = _among(heads, _UPPER) / some
    out["line_starts_lower"] = _among(heads, _LOWER) / some
    out["trailing_blanks"] = np.count_nonzero(lines.trailing) / some
    out["blank_with_spaces"] = lines.blank_with_spaces / max(lines.count - len(heads), 1)
    out["line_ends_repeat"] = np.count_nonzero(lines.tails[1:] == lines.tails[:-1]) / some
    return out


def _spacing(out: dict[str, float]) -> dict[str, float]:
    """Habits of spacing, each between 0 and 1, and how mixed they are."""

    def share(yes: float, whole: float) -> float:
        return yes / whole if whole > 0 else -1.0

    comma = share(out["pair_', '"] + out["pair_',\\n'"], out["char_,"])
    brace = share(out["pair_' {'"], out["char_{"])
    equals = share(out["pair_' ='"], out["char_="])
    quotes = share(out["char_'"], out["char_'"] + out['char_"'])
    mixed = [min(value, 1 - value) for value in (comma, equals, quotes) if value >= 0]
    return {
        "space_after_comma": comma,
        "space_before_brace": brace,
        "space_before_equals": equals,
        "single_quotes": quotes,
        "semicolon_at_end": share(out["pair_';\\n'"], out["char_;"]),
        "space_inside_parentheses": share(out["pair_'( '"], out["char_("]),
        "mixed_style": sum(mixed) / len(mixed) if mixed else 0.0,
    }
