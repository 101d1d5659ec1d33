from __future__ import annotations

import json

import numpy as np
import pytest

from aicodelint.detection.stack import Evidence, Stack, design, family_evidence, probability
from aicodelint.errors import BundleError
from aicodelint.rules import FAMILIES

CLASSES = len(FAMILIES) + 1


def document(**changes) -> bytes:
    combination = {
        "inputs": ["trees.wild", "text.0"],
        "mean": [0, 0],
        "scale": [1, 1],
        "coefficients": [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "intercept": -0.5,
    }
    expert = {"weights": {"trees.wild": 1.0}, "bias": [0.0] * CLASSES}
    return json.dumps({"gate": combination, "cheap": combination, "families": {"wild": expert, "snippet": expert}, **changes}).encode()


def evidence(first: float, second: float) -> Evidence:
    block = np.zeros(CLASSES)
    block[10] = 3
    return Evidence({"trees.wild": first, "text.0": second, "trees.kind": 1.0}, {"trees.wild": block}, 1500, 0.1)


def test_the_logit_is_the_weighted_sum():
    assert Stack.load(document()).cheap.logit(evidence(1, 1)) == pytest.approx(2.5)


@pytest.mark.parametrize(("characters", "comment_share", "kind"), [(1, 0.0, -60.0), (900, 0.3, 0.2), (10**7, 1.0, 60.0)])
def test_one_text_is_weighed_as_the_columns_that_training_fits(characters, comment_share, kind):
    rng = np.random.default_rng(4)
    coefficients, mean, scale = rng.normal(size=13), rng.normal(size=2), rng.uniform(0.5, 2, size=2)
    logits = rng.normal(size=2) * 4
    combination = {"inputs": ["a", "b"], "mean": mean.tolist(), "scale": scale.tolist(), "coefficients": coefficients.tolist(), "intercept": 0.7}
    stack = Stack.load(document(cheap=combination)).cheap
    one = Evidence({"a": logits[0], "b": logits[1], "trees.kind": kind}, {}, characters, comment_share)
    columns = design(logits[None], np.array([[characters, comment_share, kind]]), mean, scale)
    assert stack.logit(one) == pytest.approx(float(columns[0] @ coefficients) + 0.7, abs=1e-12)


def test_no_witness_outshouts_the_rest():
    stack = Stack.load(document()).cheap
    assert stack.logit(evidence(1e9, 0)) == stack.logit(evidence(50, 0)) == pytest.approx(4.5)


def test_more_evidence_never_lowers_the_probability():
    stack = Stack.load(document()).cheap
    found = [probability(stack.logit(evidence(value, value))) for value in np.linspace(-6, 6, 25)]
    assert found == sorted(found)


def test_families_sum_to_one_and_follow_the_evidence():
    shares = Stack.load(document()).families.probabilities(evidence(0, 0))
    assert shares.sum() == pytest.approx(1)
    assert shares.argmax() == 10


def test_a_witness_without_other_authors_is_padded_and_rules_nothing_out():
    found = family_evidence(np.array([0.0, -100.0]), 3)
    assert found.shape == (3,)
    assert found.min() == -5


def changed(part: str, **changes) -> bytes:
    found = json.loads(document())
    expert = found["families"]["wild"]
    return document(**({"families": {"wild": expert, "snippet": expert | changes}} if part == "families" else {part: found[part] | changes}))


NO_NUMBERS = [
    changed("gate", intercept=float("nan")),
    changed("cheap", mean=[0, float("inf")]),
    changed("cheap", scale=[1, 0]),
    changed("cheap", intercept=10**400),
    changed("families", bias=[0.0]),
    changed("families", bias=[float("nan")] * CLASSES),
    changed("families", weights={"trees.wild": float("inf")}),
]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", document(gate={"inputs": []}), document(families={"wild": 3}), *NO_NUMBERS])
def test_a_malformed_stack_is_refused(data):
    with pytest.raises(BundleError):
        Stack.load(data)


def test_no_number_is_no_probability():
    with pytest.raises(BundleError, match="give no number"):
        probability(float("nan"))
