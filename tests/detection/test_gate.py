"""The gate of the shipped bundle: what it takes, what it gives, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.family_networks import FAMILY_NETWORKS_FILE
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


def test_what_is_no_gate_is_refused(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="cannot be loaded"):
        Trees(b"no graph")
    with pytest.raises(BundleError, match="cannot be loaded"):
        Trees(bundle.read(FAMILY_NETWORKS_FILE))
