"""The trees of the shipped bundle: what they take, what they give, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.family_trees import CLASSES, FAMILY_EXPERTS, FAMILY_TREES_FILE, FamilyTrees
from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.gate import AI_COLUMNS, GATE_FILE, Trees
from aicodelint.detection.lexing import lex
from aicodelint.errors import BundleError

CODE = "import os\n\n\ndef size(path):\n    return os.stat(path).st_size\n"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.open(default_path())


def test_the_gate_gives_a_logit_a_column_and_the_same_ones_again(bundle: Bundle) -> None:
    trees, features = Trees(bundle.read(GATE_FILE)), extract(lex(CODE, "Python"))
    first = trees.logits(features)
    assert tuple(first) == AI_COLUMNS
    assert all(np.isfinite(logit) for logit in first.values())
    trees.logits(np.zeros(len(FEATURE_NAMES), dtype=np.float32))
    assert trees.logits(features) == first


def test_the_family_trees_give_a_block_an_expert(bundle: Bundle) -> None:
    found = FamilyTrees(bundle.read(FAMILY_TREES_FILE)).logits(extract(lex(CODE, "Python")))
    assert tuple(found) == FAMILY_EXPERTS
    assert all(block.shape == (CLASSES,) and np.isfinite(block).all() for block in found.values())


def test_one_graph_is_not_taken_for_the_other(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="logits"):
        Trees(bundle.read(FAMILY_TREES_FILE))
    with pytest.raises(BundleError, match="logits"):
        FamilyTrees(bundle.read(GATE_FILE))
    with pytest.raises(BundleError, match="cannot be loaded"):
        Trees(b"no graph")
