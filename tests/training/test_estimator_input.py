from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from aicodelint.training.estimator_input import checked_code, checked_groups, checked_labels  # noqa: E402

TABLE = pd.DataFrame({"code": ["x = 1", "y = 2"], "label": ["a", "b"]})


@pytest.mark.parametrize("code", [TABLE.code, TABLE.code.to_numpy(), ("x = 1", "y = 2"), np.array(["x = 1", "y = 2"])])
def test_any_column_of_strings_is_code(code: Any) -> None:
    assert checked_code(code) == ["x = 1", "y = 2"]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (5, "code must be a list, not int"),
        (TABLE[["code"]], "the one column that holds the strings is wanted"),
        (TABLE[["code"]].to_numpy(), "the one column"),
        ({"code": ["x = 1"]}, "the one column"),
    ],
)
def test_what_holds_no_column_of_strings_is_refused(code: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        checked_code(code)


@pytest.mark.parametrize(
    "y", [["a", "b"], TABLE.label, TABLE.label.astype("category"), TABLE.label.astype("string"), np.array([1, 2], object), [0.0, 1]]
)
def test_names_and_numbers_are_labels(y: Any) -> None:
    assert checked_labels(y, 2).shape == (2,)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (None, "labels are missing"),
        (5, "one label each"),
        (["a"], "one label each"),
        (["a", None], "the label of row 1 is missing: None"),
        (["a", float("nan")], "row 1 is missing: nan"),
        ([1.0, np.nan], "row 1 is missing"),
        (pd.Series(["a", pd.NA], dtype="string"), "row 1 is missing"),
        (pd.Series(["a", None], dtype="category"), "row 1 is missing"),
        (np.array(["a", 1], object), "all names or all numbers"),
        (np.array(["2024-01-01", "2024-01-02"], "datetime64[D]"), "all names or all numbers"),
    ],
)
def test_labels_that_say_nothing_are_refused(y: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        checked_labels(y, 2)


def test_one_group_a_row() -> None:
    assert checked_groups(None, 2) is None
    assert checked_groups(TABLE.label, 2) == ["a", "b"]
    with pytest.raises(ValueError, match="there are 2 code strings and 1 groups"):
        checked_groups(["a"], 2)
    with pytest.raises(ValueError, match="groups must be a list, not int"):
        checked_groups(5, 2)
