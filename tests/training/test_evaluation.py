from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aicodelint.training.evaluation import FEWEST_FILES, wild_breakdown


def test_files_are_told_by_language_and_length() -> None:
    many = 100
    ai = np.repeat([True, False], many)
    rows = pd.DataFrame({"cut": False, "domain": "wild", "ai": ai, "characters": 900, "language": "Go"})
    rows.loc[:29, "language"] = "Ruby"
    rows.loc[rows.index % 2 == 0, "characters"] = 5000
    rows.loc[0, "domain"] = "package"
    p_ai = np.where(ai, np.arange(2 * many) / many, 0.1)
    p_ai[-1] = 0.9
    found = wild_breakdown(rows, p_ai, 0.5)
    files, strict, at_threshold, human, flagged = found["language"]["Ruby"]
    assert (files, human) == (29, 0)
    assert strict == pytest.approx(np.mean(p_ai[1:30] > np.quantile(p_ai[~ai], 0.99)), abs=1e-4)
    assert at_threshold == 0
    assert flagged is None
    assert found["language"]["Go"] == (70, 1.0, pytest.approx(50 / 70, abs=1e-4), 100, 0.01)
    assert found["length"]["5,000 and more"][0] == 49
    assert found["length"]["600 to 1,500"][0] == 50
    assert found["length"]["under 300"][0] == 0


def test_few_files_have_no_share() -> None:
    ai = np.repeat([True, False], [FEWEST_FILES - 1, 200])
    rows = pd.DataFrame({"cut": False, "domain": "wild", "ai": ai, "characters": 900, "language": "Go"})
    _, strict, _, _, flagged = wild_breakdown(rows, np.linspace(0, 1, len(ai)), 0.5)["language"]["Go"]
    assert strict is None
    assert flagged is not None
