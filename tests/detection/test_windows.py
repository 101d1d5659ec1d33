import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicodelint.detection.windows import windows_of

BARE, INDENTED, WORD = 0, 1, 2


def lay_out(lines: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """One token a line start (bare or indented newline), one token a word."""
    ids: list[int] = []
    starts: list[int] = []
    for line in lines:
        starts.append(len(ids))
        ids.append(INDENTED if line.startswith(" ") else BARE)
        ids.extend([WORD] * len(line.split()))
    return np.array(ids, dtype=np.int32), np.array(starts)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=1, max_size=80), st.integers(1, 40))
def test_every_token_is_in_exactly_one_window_and_none_is_too_long(shape: list[tuple[bool, int]], longest: int) -> None:
    ids, starts = lay_out([(" " if indented else "") + "x " * words for indented, words in shape])
    windows = windows_of(ids, starts, longest)
    assert np.array_equal(np.concatenate([window.ids for window in windows]), ids)
    assert all(0 < len(window.ids) <= longest for window in windows)
    assert windows[0].start_line == 1
    assert windows[-1].end_line == len(shape)
    for before, after in itertools.pairwise(windows):
        assert after.start_line in (before.end_line, before.end_line + 1)
        assert after.start_line <= after.end_line


def test_lines_stay_whole_where_they_fit() -> None:
    ids, starts = lay_out(["a b c"] * 10)
    windows = windows_of(ids, starts, longest=9)
    assert [(w.start_line, w.end_line) for w in windows] == [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]


def test_prefers_to_cut_before_a_definition_then_before_any_paragraph() -> None:
    ids, starts = lay_out(["a a", " b b", "", "def c", " d", "", " e", " f"])
    assert windows_of(ids, starts, longest=14)[0].end_line == 3
    ids, starts = lay_out(["a a", " b b", "", " def c", " d", "e e", " e e", " f f"])
    assert windows_of(ids, starts, longest=14)[0].end_line == 3


def test_does_not_cut_a_window_short_of_its_half() -> None:
    ids, starts = lay_out(["a", "", "def", *([" b b b"] * 10)])
    assert windows_of(ids, starts, longest=20)[0].end_line > 3


def test_a_line_that_is_too_long_is_split_and_nothing_is_lost() -> None:
    ids, starts = lay_out(["a", "x " * 25, "b"])
    windows = windows_of(ids, starts, longest=10)
    assert [(w.start_line, w.end_line, len(w.ids)) for w in windows] == [(1, 1, 2), (2, 2, 10), (2, 2, 10), (2, 3, 8)]


@pytest.mark.parametrize(("lines", "line"), [(200_000, "x"), (1, "x " * 400_000), (400_000, "")])
def test_is_linear(lines: int, line: str) -> None:
    ids, starts = lay_out([line] * lines)
    begin = time.perf_counter()
    windows_of(ids, starts)
    assert time.perf_counter() - begin < 2


def test_no_text_no_window() -> None:
    assert windows_of(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)) == []
