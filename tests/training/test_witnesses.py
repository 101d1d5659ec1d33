from __future__ import annotations

import numpy as np
import pandas as pd

from aicodelint.rules import FAMILIES
from aicodelint.training.human_rows import BEFORE_AGENTS, BEFORE_MODELS, NO_AI_POLICY
from aicodelint.training.witnesses import NEVER, _family_thresholds, _human_files

COLUMNS = ("domain", "tool", "source", "ai", "cut")
ROWS = [
    ("wild", "", "a/a", False, False),
    ("wild", BEFORE_MODELS, "a/b", False, False),
    ("wild", BEFORE_AGENTS, "a/c", False, False),
    ("wild", NO_AI_POLICY, "a/d", False, False),
    ("wild", "claude-code", "a/e", True, False),
    ("package", "", "p", False, False),
    ("package", "", "p", False, True),
    ("labelled", BEFORE_MODELS, "pypi:o", False, False),
    ("labelled", BEFORE_MODELS, "pypi:o", False, False),
    ("labelled", BEFORE_MODELS, "pypi:q", False, True),
    ("labelled", BEFORE_AGENTS, "pypi:o", False, False),
    ("labelled", "agent-notes", "pypi:r", True, False),
]


def test_each_kind_of_human_files_limits_the_threshold_by_itself() -> None:
    masks = _human_files(pd.DataFrame(ROWS, columns=list(COLUMNS)))
    # Older files of repositories, those of projects that forbid AI, packages, and one file an owner of random packages of each age.
    assert [mask.nonzero()[0].tolist() for mask in masks] == [[0, 1], [3], [5], [7], [10]]


def test_a_family_is_named_from_where_its_own_names_are_right_often_enough() -> None:
    many = 300
    confidence = np.linspace(0.3, 0.99, many)
    guessed = np.arange(many) % 3
    shares = np.zeros((many, len(FAMILIES) + 1))
    shares[np.arange(many), guessed] = confidence
    # The first is always right, the second from .8 on, the third never.
    right = np.select([guessed == 0, guessed == 1], [True, confidence >= 0.8], False)
    names = [FAMILIES[place] if good else "Other" for place, good in zip(guessed, right, strict=True)]
    rows = pd.DataFrame({"family": names, "ai": True, "cut": False, "domain": "wild"})
    limits = _family_thresholds(rows, np.ones(many, dtype=bool), shares)
    assert limits[0] == 0.5
    assert 0.6 < limits[1] < 0.8
    assert (limits[2:] == NEVER).all()
    assert (_family_thresholds(rows, np.zeros(many, dtype=bool), shares) == NEVER).all()
