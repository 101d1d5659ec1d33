from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from aicodelint.training.heads import HeadRecipe, HeadShape, Windows  # noqa: E402
from aicodelint.training.out_of_fold import assign_folds, fold_parts, head_out_of_fold  # noqa: E402


def test_classes_are_spread_evenly_and_a_rare_one_stops_nothing() -> None:
    y = np.array([0] * 50 + [1] * 10 + [2])
    folds = assign_folds(y, None, 0)
    assert np.bincount(folds[y == 0]).tolist() == [10] * 5
    assert np.bincount(folds[y == 1]).tolist() == [2] * 5
    assert len(fold_parts(folds, y)) == 5


def test_groups_stay_whole_and_folds_are_as_even_as_groups_allow() -> None:
    groups = [f"g{number // 7}" for number in range(140)]
    folds = assign_folds(np.zeros(140, np.int64), groups, 0)
    for group in set(groups):
        assert len({folds[place] for place in range(140) if groups[place] == group}) == 1
    assert np.bincount(folds).tolist() == [28] * 5


def test_one_group_leaves_nothing_to_judge() -> None:
    y = np.arange(6) % 2
    assert fold_parts(assign_folds(y, ["same"] * 6, 0), y) == []


def test_no_text_is_judged_by_a_head_that_saw_its_fold() -> None:
    """Labels are noise and the embeddings give each text away: a head that had seen a text would be right about it."""
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    texts = 60
    y = random.integers(0, 2, texts)
    windows = Windows(np.eye(texts, dtype=np.float32), np.ones(texts, np.float32), np.arange(texts), texts)
    folds = assign_folds(y, None, 0)
    recipe = HeadRecipe(max_epochs=40, learning_rate=1e-2, patience=0)
    logits = head_out_of_fold(windows, y, 2, folds, shape=HeadShape(32), recipe=recipe, groups=None, validation_fraction=0.0)
    assert not np.isnan(logits).any()
    assert (logits.argmax(1) == y).mean() < 0.75
