"""What stands out against human code is told of the stacked bundles alone; tests/cli/test_explain.py has what is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.detection.features_that_stand_out import standing_out
from aicodelint.finding import Snippet

CODE = "def plain(value):\n    return value * 2\n" * 20


def test_the_trees_of_a_users_bundle_give_one_logit_and_nothing_is_said_of_them(plane_bundle: Callable[..., Path]) -> None:
    bundle = plane_bundle(np.ones((len(FEATURE_NAMES), 1), np.float32), kind="head")
    assert standing_out(Bundle.open(bundle), Snippet(CODE, "Python")) is None


def test_the_trees_of_the_default_bundle_are_asked() -> None:
    assert standing_out(Bundle.open(default_path()), Snippet(CODE, "Python")) is not None
