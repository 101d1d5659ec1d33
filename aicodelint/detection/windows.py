"""Cuts a text into windows: runs of whole lines of at most 512 tokens that cover all of it, cut between top-level definitions where possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WINDOW_TOKENS = 512
# A window is ended early at a definition only if it is at least this full: scraps say little and cost a call each.
LEAST_FULL = 0.5


@dataclass(frozen=True, slots=True)
class Window:
    """A run of lines (1-based, inclusive) and its token ids, shape (tokens,), int32."""

    start_line: int
    end_line: int
    ids: np.ndarray


def windows_of(ids: np.ndarray, line_starts: np.ndarray, longest: int = WINDOW_TOKENS) -> list[Window]:
    """Cut the tokens of a text (as ``CodeTokenizer.encode`` gives them) at line starts; every token is in exactly one window.

    Lines go into a window until the next would not fit. Where the window could end before a top-level definition (an unindented line
    after an empty one) or, failing that, before any empty line, in its second half, it ends at the last such place. A line longer than
    ``longest`` tokens is split every ``longest`` tokens: its pieces are windows of that one line, and its rest goes on with what follows.
    Linear in the number of tokens. An empty text has no window.
    """
    if len(ids) == 0:
        return []
    bounds = np.append(line_starts, len(ids))
    preference = _preferences(ids, bounds)
    found: list[Window] = []
    line, token = 0, 0
    lines = len(line_starts)
    while token < len(ids):
        fits = int(np.searchsorted(bounds, token + longest, side="right")) - 1  # lines [line, fits) fit whole
        if fits <= line:
            found.append(Window(line + 1, line + 1, ids[token : token + longest]))
            token += longest
            if token == bounds[line + 1]:
                line += 1
            continue
        end = fits if fits >= lines else _best_end(preference, bounds, line, fits)
        found.append(Window(line + 1, end, ids[token : bounds[end]]))
        line, token = end, int(bounds[end])
    return found


def _preferences(ids: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return how good it is to begin a window at each line, shape (lines,): 2 = a definition, 1 = after an empty line, 0 = elsewhere."""
    first = ids[bounds[:-1]]
    empty = np.diff(bounds) == 1
    preference = np.zeros(len(first), dtype=np.int8)
    after_empty = empty[:-1] & ~empty[1:]
    # The one token of an empty line is the bare newline; a line that begins with the same token is not indented.
    preference[1:] = after_empty * (1 + (first[1:] == first[:-1]))
    return preference


def _best_end(preference: np.ndarray, bounds: np.ndarray, line: int, fits: int) -> int:
    """Return the line before which the window should end: the last of the best ones in its second half, else the last that fits."""
    half = bounds[line] + int((bounds[fits] - bounds[line]) * LEAST_FULL)
    first = max(line + 1, int(np.searchsorted(bounds, half)))
    candidates = preference[first : fits + 1]
    if candidates.max(initial=0) == 0:
        return fits
    return first + int(np.flatnonzero(candidates == candidates.max())[-1])
