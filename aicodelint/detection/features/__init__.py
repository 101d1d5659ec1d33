"""Cheap features of a text, the same for every language: what the gate and the style witnesses look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.features.code import code_features
from aicodelint.detection.features.comments import comment_features
from aicodelint.detection.features.layout import layout_features
from aicodelint.detection.lexing import Lexed, lex


def extract(lexed: Lexed) -> NDArray[np.float32]:
    """Return the features of a text that has been taken apart, float32 of shape (len(FEATURE_NAMES),), finite whatever the text holds."""
    features = np.fromiter(_measure(lexed).values(), dtype=np.float32, count=len(FEATURE_NAMES))
    return features if np.isfinite(features).all() else np.nan_to_num(features, posinf=3e38, neginf=-3e38)


def _measure(lexed: Lexed) -> dict[str, float]:
    lines = lexed.text.count("\n") + 1
    features = layout_features(lexed.text)
    features.update(comment_features(lexed.comments, len(lexed.text), lines))
    features.update(code_features(lexed, lines))
    return features


FEATURE_NAMES: tuple[str, ...] = tuple(_measure(lex("", None)))
"""The names of the features, in the order of the vector."""
