"""Features of how a text is laid out: line lengths, blank lines, indentation, punctuation, spacing. All from its bytes."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

_NEWLINE, _SPACE, _TAB = 10, 32, 9
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_PAIRS = (
    ", ", ",\n", " =", "==", "=>", "->", "::", "):", ") ", ")\n", "){", " {", "{\n", "{ ", "( ", "(\n", "()", "[]", "};",
    "}\n", "} ", ");", "//", "/*", "# ", "||", "??", ".\n", ": ", ":\n", " +", " *",
    " >", ";\n", "'\n", "\"\n", "(\"", "('", "{\"", "\t\t", "  ", "\n\n", "\n}", "\n\t", "\n ", "0)", " 0", " 1",
)  # fmt: skip
_PAIR_CODES = np.array([ord(a) * 256 + ord(b) for a, b in map(tuple, _PAIRS)])
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
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
_LAST = ";{},):("
_FIRST = '}#/*@.")'


def layout_features(text: str) -> dict[str, float]:
    """Return the layout features of a text with ``\\n`` line ends."""
    raw = text.encode("utf-8", "replace")
    data = np.frombuffer(raw + b"\n", dtype=np.uint8)
    counts = np.bincount(data, minlength=256).astype(np.float64)
    out = _characters(text, raw, counts)
    starts, ends, first, last = _lines(data)
    blank = first >= ends
    out.update(_line_lengths(ends - starts, blank, first - starts))
    out.update(_blank_lines(data, blank, first, last))
    out.update(_indentation(data, starts, first, blank))
    out.update(_line_edges(data, first, last, blank, ends))
    codes = data[:-1].astype(np.int32) * 256 + data[1:]
    pairs = np.bincount(codes, minlength=65536)[_PAIR_CODES] / max(len(raw), 1)
    out.update(zip((f"pair_{name!r}" for name in _PAIRS), (100 * pairs).tolist(), strict=True))
    out.update(_spacing(out))
    return out


def _lines(data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where each line starts, ends (its newline), and its first and last byte that is no blank."""
    ends = np.flatnonzero(data == _NEWLINE)
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    solid = np.flatnonzero(data > _SPACE)
    if not len(solid):
        return starts, ends, ends.copy(), starts - 1
    after = np.searchsorted(solid, starts)
    first = np.where(after < len(solid), solid[np.minimum(after, len(solid) - 1)], len(data))
    before = np.searchsorted(solid, ends) - 1
    last = np.where(before >= 0, solid[np.maximum(before, 0)], -1)
    first = np.minimum(first, ends)
    return starts, ends, first, np.maximum(last, starts - 1)


def _characters(text: str, raw: bytes, counts: NDArray[np.float64]) -> dict[str, float]:
    size = max(len(raw), 1)
    rate = 100 * counts / size
    lower, upper, digits = rate[97:123].sum(), rate[65:91].sum(), rate[48:58].sum()
    shares = counts[counts > 0] / counts.sum()
    out = {
        "characters_log": float(np.log1p(len(text))),
        "lower": float(lower),
        "upper": float(upper),
        "digits": float(digits),
        "upper_share": float(upper / (upper + lower + 1e-9)),
        "non_ascii": float(rate[128:].sum()),
        "cyrillic": float(rate[0xD0] + rate[0xD1]),
        "cjk": float(rate[0xE3:0xEA].sum()),
        "accents": float(rate[0xC3]),
        "four_byte": float(rate[0xF0]),
        "spaces": float(rate[_SPACE]),
        "tabs": float(rate[_TAB]),
        "byte_entropy": float(-(shares * np.log2(shares)).sum()),
        "compressed": len(zlib.compress(raw, 1)) / size if len(raw) <= 20_000 else len(zlib.compress(raw[:20_000], 1)) / 20_000,
    }
    out.update((f"char_{c}", float(rate[ord(c)])) for c in _PUNCTUATION)
    ascii_only = text.isascii()
    for name, marks in _TYPOGRAPHIC.items():
        out[f"mark_{name}"] = 0.0 if ascii_only else 1000 * sum(text.count(mark) for mark in marks) / size
    out["mark_emoji"] = 0.0 if ascii_only else 1000 * sum(text.count(mark) for mark in _EMOJI) / size
    return out


def _line_lengths(lengths: NDArray[np.int64], blank: NDArray[np.bool_], indents: NDArray[np.int64]) -> dict[str, float]:
    solid = lengths[~blank]
    lines = len(lengths)
    out: dict[str, float] = {"lines_log": float(np.log1p(lines)), "solid_lines_log": float(np.log1p(len(solid)))}
    if not len(solid):
        solid = np.zeros(1, dtype=np.int64)
    content = solid - indents[~blank] if len(solid) == int((~blank).sum()) else solid
    ordered = np.sort(solid)
    for q in _QUANTILES:
        out[f"length_q{int(100 * q)}"] = float(ordered[int(q * (len(ordered) - 1))])
    mean, spread = float(solid.mean()), float(solid.std())
    out |= {
        "length_mean": mean,
        "length_std": spread,
        "length_cv": spread / (mean + 1),
        "length_max_log": float(np.log1p(ordered[-1])),
        "length_over_79": float((solid > 79).mean()),
        "length_over_100": float((solid > 100).mean()),
        "length_over_120": float((solid > 120).mean()),
        "length_72_to_80": float(((solid > 71) & (solid < 81)).mean()),
        "length_under_4": float((content < 4).mean()),
        "content_mean": float(content.mean()),
        "content_std": float(content.std()),
        "length_step": float(np.abs(np.diff(solid)).mean()) / (mean + 1) if len(solid) > 1 else 0.0,
    }
    return out


def _blank_lines(data: NDArray[np.uint8], blank: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]) -> dict[str, float]:
    edges = np.diff(np.concatenate(([0], blank.view(np.int8), [0])))
    begins, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    inside = (begins > 0) & (stops < len(blank))
    begins, stops = begins[inside], stops[inside]
    runs = stops - begins
    blocks = np.diff(np.concatenate(([-1], begins, [len(blank)]))) - np.concatenate(([0], runs)) - (np.arange(len(runs) + 1) == 0)
    many = max(len(runs), 1)
    mean = float(blocks.mean())
    above, below = data[np.maximum(last[begins - 1], 0)], data[first[np.minimum(stops, len(blank) - 1)]] if len(runs) else data[:0]
    if not len(runs):
        above = data[:0]
    return {
        "blank_share": float(blank.mean()),
        "blank_runs_one": float((runs == 1).sum() / many),
        "blank_runs_two": float((runs == 2).sum() / many),
        "blank_runs_more": float((runs > 2).sum() / many),
        "blank_runs_spread": float(runs.std()) if len(runs) else 0.0,
        "block_mean": mean,
        "block_std": float(blocks.std()),
        "block_cv": float(blocks.std()) / (mean + 0.1),
        "block_max_log": float(np.log1p(blocks.max())),
        "block_of_one": float((blocks == 1).mean()),
        "blank_after_brace": float((above == ord("{")).sum() / many),
        "blank_after_colon": float((above == ord(":")).sum() / many),
        "blank_after_close": float((above == ord("}")).sum() / many),
        "blank_before_close": float((below == ord("}")).sum() / many),
        "blank_before_comment": float(((below == ord("#")) | (below == ord("/"))).sum() / many),
    }


def _indentation(data: NDArray[np.uint8], starts: NDArray[np.int64], first: NDArray[np.int64], blank: NDArray[np.bool_]) -> dict[str, float]:
    solid = ~blank
    width = (first - starts)[solid]
    if not len(width):
        width = np.zeros(1, dtype=np.int64)
    tabbed = data[starts[solid]] == _TAB if solid.any() else np.zeros(1, dtype=np.bool_)
    indented = width > 0
    spaced = indented & ~tabbed
    spaces = width[spaced]
    some = max(len(spaces), 1)
    steps = np.diff(width)
    up = steps[steps > 0]
    levels = np.bincount(np.minimum(width, 63))
    shares = levels[levels > 0] / len(width)
    return {
        "indented": float(indented.mean()),
        "tabbed": float(tabbed.sum() / max(int(indented.sum()), 1)),
        "indent_mean": float(width.mean()),
        "indent_std": float(width.std()),
        "indent_max_log": float(np.log1p(width.max())),
        "indent_entropy": float(-(shares * np.log2(shares)).sum()),
        "indent_levels": float(len(shares)),
        "indent_odd": float((spaces % 2 == 1).sum() / some),
        "indent_by_four": float((spaces % 4 == 0).sum() / some),
        "indent_step_two": float((up == 2).sum() / max(len(up), 1)),
        "indent_step_four": float((up == 4).sum() / max(len(up), 1)),
        "indent_step_large": float((up > 4).sum() / max(len(up), 1)),
        "indent_steps": float((steps != 0).mean()) if len(steps) else 0.0,
        "indent_step_mean": float(np.abs(steps).mean()) if len(steps) else 0.0,
    }


def _line_edges(
    data: NDArray[np.uint8], first: NDArray[np.int64], last: NDArray[np.int64], blank: NDArray[np.bool_], ends: NDArray[np.int64]
) -> dict[str, float]:
    solid = ~blank
    some = max(int(solid.sum()), 1)
    heads = np.bincount(data[first[solid]], minlength=256) / some
    tails = np.bincount(data[last[solid]], minlength=256) / some
    out = {f"line_ends_{c}": float(tails[ord(c)]) for c in _LAST}
    out.update((f"line_starts_{c}", float(heads[ord(c)])) for c in _FIRST)
    out["line_ends_letter"] = float(tails[97:123].sum())
    out["line_ends_full_stop"] = float(tails[46])
    out["line_starts_upper"] = float(heads[65:91].sum())
    out["line_starts_lower"] = float(heads[97:123].sum())
    out["trailing_blanks"] = float(((ends - last - 1) > 0)[solid].sum() / some)
    out["blank_with_spaces"] = float(((ends - last - 1) > 0)[blank].sum() / max(int(blank.sum()), 1))
    pairs = (data[last[solid]][:-1].astype(np.int32) == data[last[solid]][1:]).sum() if some > 1 else 0
    out["line_ends_repeat"] = float(pairs / some)
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
