from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("lightgbm")

from aicodelint.training.blend import LEAST_AI_THRESHOLD, STRENGTH, fit_ai_side
from aicodelint.training.heads import HeadRecipe, Windows


@pytest.mark.parametrize("folds", [[0] * 6 + [1, 1, 2, 2, 3, 3], [0] * 12], ids=["all human rows in one fold", "one fold"])
def test_where_both_kinds_cannot_be_held_out_the_witnesses_count_by_halves(folds: list[int]) -> None:
    is_ai = np.array([0] * 6 + [1] * 6)
    rows = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    windows = Windows(rows, np.full(12, 50, np.float32), np.arange(12), 12)
    side = fit_ai_side(windows, rows, is_ai, np.array(folds), [str(fold) for fold in folds], recipe=HeadRecipe(max_epochs=1))
    assert side.blend == (0.0, STRENGTH, STRENGTH)
    assert side.ai_threshold == side.human_threshold == LEAST_AI_THRESHOLD
    assert np.isnan(side.p_ai).all()
