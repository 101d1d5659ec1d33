"""The AI side of a user's bundle: trees on cheap features, a linear head on embeddings, and the blend of both into P(AI)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from torch import nn

from aicodelint.training.calibration import GATE_RECALL, threshold_at
from aicodelint.training.gate_classifier import Gate
from aicodelint.training.head_training import train_head
from aicodelint.training.heads import HeadRecipe, HeadShape, Windows
from aicodelint.training.out_of_fold import fold_parts, head_out_of_fold

GATE_ROUNDS, GATE_LEAVES = 60, 15
"""Small enough for a head-only bundle to stay under 1 MB."""
FALSE_POSITIVES = 0.01
LEAST_AI_THRESHOLD = 0.5
STRENGTH = 0.5


@dataclass(frozen=True, slots=True)
class AiSide:
    """``p_ai`` is that of each text by models that had not seen it, shape (n,); NaN where none could be trained. ``blend``: bias, trees, head."""

    gate: Gate
    head: nn.Sequential
    blend: tuple[float, float, float]
    gate_threshold: float
    ai_threshold: float
    human_threshold: float
    p_ai: npt.NDArray[np.float64]


def fit_ai_side(
    windows: Windows,
    features: npt.NDArray[np.float32],
    is_ai: npt.NDArray[np.int64],
    folds: npt.NDArray[np.int64],
    groups: list[str] | None,
    *,
    recipe: HeadRecipe,
    device: str = "cpu",
) -> AiSide:
    """Train on texts of which ``is_ai`` (shape (n,)) says 0 = human, 1 = AI, and draw the lines on what the folds say of each other."""
    linear, steady = HeadShape(depth=0), replace(recipe, loss="cross-entropy")
    heads = head_out_of_fold(windows, is_ai, 2, folds, shape=linear, recipe=steady, groups=groups, validation_fraction=0.1, device=device)
    head_logit = heads[:, 1] - heads[:, 0]
    tree_logit = np.full(len(is_ai), np.nan)
    for train, test in fold_parts(folds, is_ai):
        tree_logit[test] = _gate(recipe).fit(features[train], is_ai[train]).decision_function(features[test])
    gate = _gate(recipe).fit(features, is_ai)
    head = train_head(windows, is_ai, 2, shape=linear, recipe=steady, groups=groups, validation_fraction=0.1, device=device).head
    judged = ~np.isnan(tree_logit + head_logit)
    # A single group, or all rows of a kind in one: nothing of both kinds could be held out, so both witnesses count by halves.
    if len(np.unique(is_ai[judged])) < 2:
        return AiSide(gate, head, (0.0, STRENGTH, STRENGTH), 0.0, LEAST_AI_THRESHOLD, LEAST_AI_THRESHOLD, np.full(len(is_ai), np.nan))
    blend = _fit_blend(tree_logit[judged], head_logit[judged], is_ai[judged])
    p_ai = np.round(_logistic(blend[0] + blend[1] * tree_logit + blend[2] * head_logit), 4)
    ai_threshold = _threshold(p_ai[judged & (is_ai == 0)])
    human_threshold = min(LEAST_AI_THRESHOLD, ai_threshold)
    passed = float(np.quantile(_logistic(tree_logit[judged & (is_ai == 1)]), 1 - GATE_RECALL))
    return AiSide(gate, head, blend, round(min(passed, human_threshold), 4), ai_threshold, human_threshold, p_ai)


def _gate(recipe: HeadRecipe) -> Gate:
    return Gate(recall=GATE_RECALL, max_iter=GATE_ROUNDS, max_leaf_nodes=GATE_LEAVES, random_state=recipe.seed)


def _fit_blend(trees: npt.NDArray[np.float64], head: npt.NDArray[np.float64], is_ai: npt.NDArray[np.int64]) -> tuple[float, float, float]:
    """Return bias and weights of the witnesses; a witness that would count against itself is left out."""
    columns = np.column_stack([trees, head])
    used = [0, 1]
    while True:
        model = LogisticRegression(C=1.0, class_weight="balanced").fit(columns[:, used], is_ai)
        weights = model.coef_[0]
        if len(used) == 1 or (weights >= 0).all():
            break
        used = [used[int(weights.argmax())]]
    found = [0.0, 0.0]
    for place, weight in zip(used, weights, strict=True):
        found[place] = max(0.0, float(weight))
    return float(model.intercept_[0]), found[0], found[1]


def _threshold(human: npt.NDArray[np.float64]) -> float:
    """Return the lowest threshold, at least a half, that at most a hundredth of the human texts reach."""
    if not len(human):
        return LEAST_AI_THRESHOLD
    return max(LEAST_AI_THRESHOLD, threshold_at(human, FALSE_POSITIVES))


def _logistic(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)))
