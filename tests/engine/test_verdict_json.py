from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicodelint.engine.verdict_json import verdict_from_json, verdict_to_json
from aicodelint.finding import Verdict, WindowVerdict

probabilities = st.floats(0, 1).map(lambda p: round(p, 4))
distributions = st.none() | st.tuples(probabilities, probabilities, probabilities)
windows = st.builds(
    lambda start, more, p, d: WindowVerdict(start, start + more, p, d), st.integers(1, 10**6), st.integers(0, 500), probabilities, distributions
)
verdicts = st.builds(Verdict, probabilities, distributions, st.lists(windows, max_size=4).map(tuple), st.booleans())


@given(verdicts)
def test_verdicts_survive_the_way_there_and_back(verdict: Verdict) -> None:
    assert verdict_from_json(json.loads(json.dumps(verdict_to_json(verdict))), 3) == verdict


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        [0.5, None, []],
        ["0.5", None, [], False],
        [True, None, [], False],
        [1.5, None, [], False],
        [float("nan"), None, [], False],
        [0.5, [0.1, 0.2], [], False],
        [0.5, None, [[0, 4, 0.5, None]], False],
        [0.5, None, [[5, 4, 0.5, None]], False],
        [0.5, None, [[1, 4, 0.5]], False],
        [0.5, None, 7, False],
        [0.5, None, [], 0],
    ],
)
def test_what_is_no_verdict_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        verdict_from_json(value, 3)
