from __future__ import annotations

import warnings
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from aicodelint.training.report_page import write_report


def test_names_that_no_font_has_and_that_look_like_formulas_are_drawn_without_a_word(tmp_path: Path) -> None:
    names = ["漢字", "$x^$", "a\x1b"]
    figures = {name: {"precision": 1.0, "recall": 1.0, "f1": 1.0, "rows": 3} for name in names}
    metrics = {"rows": 9, "family": {"families": figures, "confusion": [[3, 0, 0], [0, 3, 0], [0, 0, 3]]}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = write_report(tmp_path, metrics)
    assert [path.name for path in written] == ["confusion-matrix.png", "report.html"]
    assert "漢字" in written[1].read_text(encoding="utf-8")
