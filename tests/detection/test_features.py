from __future__ import annotations

import re
import statistics
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.features.spread import mean_and_spread, mean_and_spread_of_array
from aicodelint.detection.features.tokens import name_counts, numbers_of, operator_counts
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


CODE_LIKE = st.text(alphabet="aZ_$19 .\n(+=é²٣\x00\x1c\ud800", max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.one_of(CODE_LIKE, CODE_LIKE.map(lambda text: text.encode("ascii", "ignore").decode())))
def test_tokens_are_what_their_patterns_find(code):
    assert name_counts(code) == Counter(re.findall(r"[A-Za-z_$][\w$]*", code))
    assert operator_counts(code) == Counter(re.findall(r"[-+*/%=<>!&|^~?:.@]+|[(){}\[\];,]", code))
    assert numbers_of(code) == re.findall(r"(?<![\w.])\d[\w.]*", code)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_mean_and_spread(values):
    mean, spread = mean_and_spread(values)
    assert mean == pytest.approx(statistics.fmean(values))
    assert spread == pytest.approx(statistics.pstdev(values))
    assert mean_and_spread_of_array(np.array(values)) == (mean, spread)


def test_layout_of_lines():
    text = "if a:\n  b = 1 \n\n\n    c = [2, 3];\n}\n \n\tend"
    assert value(text, "blank_share") == pytest.approx(3 / 8)
    assert value(text, "blank_runs_two") == 0.5
    assert value(text, "blank_runs_one") == 0.5
    assert value(text, "blank_after_close") == 0.5
    assert value(text, "blank_with_spaces") == pytest.approx(1 / 3)
    assert value(text, "trailing_blanks") == pytest.approx(1 / 5)
    assert value(text, "indented") == pytest.approx(3 / 5)
    assert value(text, "tabbed") == pytest.approx(1 / 3)
    assert value(text, "indent_by_four") == 0.5
    assert value(text, "indent_step_two") == pytest.approx(2 / 3)
    assert value(text, "indent_step_mean") == pytest.approx((2 + 2 + 4 + 1) / 4)
    assert value(text, "line_ends_;") == pytest.approx(1 / 5)
    assert value(text, "length_q50") == 5
    assert value(text, "length_q99") == 8
    assert value(text, "pair_'\\n\\n'") == pytest.approx(100 * 2 / len(text))


@pytest.mark.parametrize("name, texts", [("step", "# Step 1\n# 2. b\n"), ("capitals", "# AND ORx NOT\n")])
def test_two_marks_in_comments(name, texts):
    joined = texts.rstrip("\n")
    assert value(texts, f"comment_has_{name}") == pytest.approx(2 * 100 / (len(joined) + 200))
