from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VERBS = {
    "scan": (("scan", "."), ("--threshold", "--family-threshold")),
    "predict": (("predict", "t.csv", "-o", "out.csv"), ("--threshold",)),
    "evaluate": (("evaluate", "t.csv"), ("--threshold", "--family-threshold")),
    "history": (("history",), ("--threshold",)),
    "export": (("models", "export-onnx", "b", "-o", "c"), ("--least-agreement",)),
}


@pytest.mark.parametrize("value", ["2", "-0.1", "nan", "inf"])
@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_probability_is_a_usage_error(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, options = VERBS[verb]
    for option in options:
        outcome = command(*arguments, option, value)
        assert (outcome.code, outcome.out) == (2, "")
        assert f"Invalid value for '{option}': {float(value)} is not a number from 0 to 1" in outcome.err
        assert outcome.err.count("\n") == 1
