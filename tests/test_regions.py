from __future__ import annotations

from aicodelint.finding import Region, SourceFile, WindowVerdict
from aicodelint.regions import merge_windows, named_family, overlap, text_lines, to_file_lines

NAMES = ("Qwen", "Phi")


def test_neighbours_on_the_same_side_with_the_same_family_become_one_region_weighted_by_lines() -> None:
    windows = [
        WindowVerdict(1, 30, 0.9, (0.8, 0.2)),
        WindowVerdict(31, 40, 0.98, (0.6, 0.4)),
        WindowVerdict(41, 50, 0.95, (0.3, 0.7)),
        WindowVerdict(51, 60, 0.2, (0.9, 0.1)),
        WindowVerdict(61, 70, 0.4, None),
    ]
    assert merge_windows(windows, NAMES, 0.9, 0.5) == (
        Region(1, 40, 0.92, "Qwen", 0.75),
        Region(41, 50, 0.95, "Phi", 0.7),
        Region(51, 70, 0.3, None, None),
    )


def test_windows_out_of_order_and_overlapping_are_put_in_order() -> None:
    windows = [WindowVerdict(5, 20, 0.95, None), WindowVerdict(1, 8, 0.95, None)]
    assert merge_windows(windows, NAMES, 0.9, 0.5) == (Region(1, 20, 0.95, None, None),)


def test_no_windows_give_no_regions() -> None:
    assert merge_windows((), NAMES, 0.9, 0.5) == ()


def test_a_family_is_named_from_its_threshold_on() -> None:
    assert named_family((0.3, 0.5), NAMES, 0.5) == ("Phi", 0.5)
    assert named_family((0.3, 0.4999), NAMES, 0.5) == (None, None)
    assert named_family(None, NAMES, 0.0) == (None, None)


def test_each_family_may_have_a_threshold_of_its_own() -> None:
    limits = {"Qwen": 0.4, "Phi": 0.6}
    assert named_family((0.45, 0.2), ("Qwen", "Phi"), limits) == ("Qwen", 0.45)
    assert named_family((0.2, 0.45), ("Qwen", "Phi"), limits) == (None, None)
    windows = [WindowVerdict(1, 8, 0.95, (0.45, 0.2)), WindowVerdict(9, 20, 0.95, (0.2, 0.45))]
    assert merge_windows(windows, ("Qwen", "Phi"), 0.9, limits) == (Region(1, 8, 0.95, "Qwen", 0.45), Region(9, 20, 0.95, None, None))


def test_notebook_lines_map_to_the_file_and_back() -> None:
    notebook = SourceFile("n.ipynb", "a\nb\nc", "Python", line_numbers=(11, 12, 30))
    assert to_file_lines(Region(1, 3, 0.9, None, None), notebook) == Region(11, 30, 0.9, None, None)
    assert [text_lines(notebook, *lines) for lines in ((1, 11), (11, 12), (12, 40), (1, 99))] == [(1, 1), (1, 2), (2, 3), (1, 3)]
    assert [text_lines(notebook, *lines) for lines in ((1, 10), (13, 29), (31, 99))] == [None, None, None]
    one_line = SourceFile("n.ipynb", "a\nb\nc", "Python", line_numbers=(1, 1, 1))
    assert text_lines(one_line, 1, 1) == (1, 3)
    assert text_lines(SourceFile("a.py", "a\nb", "Python"), 2, 2) == (2, 2)


def test_overlap_is_the_longest_changed_stretch() -> None:
    region = Region(10, 20, 0.9, None, None)
    assert overlap(region, [(1, 11), (15, 40), (19, 20)]) == (15, 20)
    assert overlap(region, [(1, 9), (21, 30)]) is None
