"""The 36 kinds of features that the research system engineered, picked from the cheap features of a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aicodelint.detection.body import prepare
from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.lexing import lex

RESEARCH_FEATURES = (
    "characters_log",
    "lines_log",
    "solid_lines_log",
    "length_mean",
    "length_std",
    "length_max_log",
    "blank_share",
    "trailing_blanks",
    "comment_per_line",
    "comment_share",
    "comment_length_mean",
    "comment_documentation",
    "indented",
    "indent_mean",
    "indent_std",
    "indent_max_log",
    "indent_entropy",
    "tabbed",
    "name_count_log",
    "name_length",
    "name_snake",
    "name_camel",
    "name_short",
    "name_entropy",
    "name_variety",
    "name_variety_root",
    "name_once",
    "decisions_per_line",
    "word_loop",
    "word_return",
    "halstead_volume_log",
    "halstead_difficulty",
    "halstead_vocabulary",
    "operator_per_name",
    "string_per_line",
    "number_per_line",
)
"""Size, comments, blank lines, indentation, naming, lexical diversity, complexity, and Halstead-like measures."""


def text_features(code: Sequence[str], languages: Sequence[str | None] | None = None) -> npt.NDArray[np.float32]:
    """Return every cheap feature of each text, shape (n, len(FEATURE_NAMES))."""
    names = languages if languages is not None else [None] * len(code)
    found = [extract(lex(prepare(text, language), language)) for text, language in zip(code, names, strict=True)]
    return np.stack(found) if found else np.zeros((0, len(FEATURE_NAMES)), np.float32)


def research_features(code: Sequence[str], languages: Sequence[str | None] | None = None) -> npt.NDArray[np.float32]:
    """Return the features named in ``RESEARCH_FEATURES`` of each text, shape (n, 36)."""
    places = [FEATURE_NAMES.index(name) for name in RESEARCH_FEATURES]
    return np.ascontiguousarray(text_features(code, languages)[:, places])
