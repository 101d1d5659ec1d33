"""The family side of the combination, on fabricated logits."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from aicodelint.detection.stack import Stack
from aicodelint.rules import FAMILIES
from aicodelint.training.ngrams import _family_weights
from aicodelint.training.stack import Scores, fit_families

CLASSES = len(FAMILIES) + 1
COMMON, RARE = FAMILIES.index("Anthropic"), FAMILIES.index("Gemini")


def rows_of(families: list[str], domain: str = "wild", source: str = "r") -> pd.DataFrame:
    return pd.DataFrame({"family": families, "domain": domain, "ai": True, "cut": False, "source": source})


def fabricated() -> tuple[pd.DataFrame, Scores]:
    """Nine files that look like Anthropic's for every one like Gemini's, and a last one that might be either's; snippets alike."""
    logits = np.zeros((100, CLASSES))
    logits[:, COMMON] = 6.0
    logits[:10, RARE], logits[:10, COMMON] = 6.0, 0.0
    logits[-1, RARE] = 6.0
    rows = pd.concat([rows_of(["Anthropic"] * 100), rows_of(["Anthropic"] * 100, "semeval")], ignore_index=True)
    both = np.vstack([logits, logits])
    kind = np.where(rows["domain"] == "wild", 40.0, -40.0)
    return rows, Scores({}, {"a": both, "b": both}, np.column_stack([np.full(200, 900.0), np.zeros(200), kind]))


def test_probabilities_sum_to_one_and_take_back_a_part_of_what_is_common() -> None:
    rows, scores = fabricated()
    entry, shares = fit_families(rows, scores, {"wild": ["a", "b"], "snippet": ["a"]})
    assert shares.shape == (200, CLASSES)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares[:10].argmax(axis=1).tolist() == [RARE] * 10
    assert shares[50].argmax() == COMMON
    assert shares[99, RARE] > shares[99, COMMON], "of two that fit alike, the rarer one"
    assert set(entry) == {"wild", "snippet"}
    assert set(entry["wild"]["weights"]) == {"a", "b"}


def test_what_is_fitted_is_what_the_detector_computes() -> None:
    rows, scores = fabricated()
    entry, shares = fit_families(rows, scores, {"wild": ["a", "b"], "snippet": ["a"]})
    combination = {"inputs": ["a"], "mean": [0], "scale": [1], "coefficients": [0] * 9, "intercept": 0}
    stack = Stack.load(json.dumps({"gate": combination, "cheap": combination, "families": entry}).encode())
    for place in (0, 99, 199):
        block = {name: logits[place] for name, logits in scores.families.items()}
        expert = stack.families.wild if place < 100 else stack.families.snippet
        assert expert.probabilities(block) == pytest.approx(shares[place], abs=1e-9)


def test_in_the_wild_every_repository_of_a_family_counts_alike() -> None:
    rows = pd.concat([rows_of(["Qwen"] * 30, source="big"), rows_of(["Qwen"] * 3, source="small")], ignore_index=True)
    weights = _family_weights(rows, "wild")
    assert weights[:30].sum() == pytest.approx(weights[30:].sum())
    assert _family_weights(rows, "snippet").sum() == 0
