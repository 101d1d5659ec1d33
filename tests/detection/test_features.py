from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.lexing import lex

CODE = """def add(first, second):
    # Add the two numbers.
    return first + second


def sub(first, second):
    return first - second
"""


def value(text: str, name: str, language: str | None = "Python") -> float:
    return float(extract(lex(text, language))[FEATURE_NAMES.index(name)])


def test_names_are_unique_and_fit_the_vector():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    assert extract(lex(CODE, "Python")).shape == (len(FEATURE_NAMES),)
    assert extract(lex(CODE, "Python")).dtype == np.float32


def test_what_some_features_count():
    assert value(CODE, "lines_log") == pytest.approx(np.log1p(8 + 1), abs=0.2)
    assert value(CODE, "comment_full_stop") == 1
    assert value(CODE, "comment_capital") == 1
    assert value(CODE, "blank_runs_two") == 1
    assert value(CODE.replace("    ", "\t"), "tabbed") == 1
    assert value(CODE, "tabbed") == 0
    assert value(CODE, "indent_by_four") == 1
    assert value("x = 1 — 2\n" * 5, "mark_em_dash") > 0


def test_comments_count_in_every_language():
    for language, mark in {"C": "//", "Ruby": "#", "Julia": "#", "Shell": "#", "PHP": "//", "Go": "//", "Rust": "//"}.items():
        assert value(f"a = 1\n{mark} Say why.\nb = 2\n", "comment_per_line", language) > 0


def test_case_of_names():
    text = "snake_case camelCase PascalCase UPPER_CASE snake_two"
    assert value(text, "name_snake", "C") == pytest.approx(2 / 5)
    assert value(text, "name_camel", "C") == pytest.approx(1 / 5)
    assert value(text, "name_pascal", "C") == pytest.approx(1 / 5)
    assert value(text, "name_upper", "C") == pytest.approx(1 / 5)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.sampled_from(["Python", "C", "Rust", "Shell", "Ruby", "Julia", None]))
def test_any_text_has_finite_features(text, language):
    assert np.isfinite(extract(lex(text, language))).all()


@pytest.mark.parametrize("text", ["", "\n", " ", "\t\n\t", "\ud800", "\x00" * 50, "}" * 1000])
def test_degenerate_texts_have_finite_features(text):
    assert np.isfinite(extract(lex(text, None))).all()
