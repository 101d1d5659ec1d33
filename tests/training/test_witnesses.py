from __future__ import annotations

import pandas as pd

from aicodelint.training.human_rows import BEFORE_AGENTS, BEFORE_MODELS, NO_AI_POLICY
from aicodelint.training.witnesses import _human_files

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
