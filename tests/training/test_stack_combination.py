from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from aicodelint.detection.stack import Evidence, Stack
from aicodelint.rules import FAMILIES
from aicodelint.training.stack import (
    AI_SHARE,
    ENCODER_WEIGHT,
    KNOWN_TAKEN_BACK,
    PRIOR_TAKEN_BACK,
    Scores,
    add_encoder,
    fit_combination,
    fit_families,
    stack_weights,
)

WILD, SNIPPET = ["trees.wild", "trees.all"], ["trees.all", "trees.snippet"]
MANY = 900


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    domains = rng.choice(["wild", "package", "semeval", "benchmark"], MANY)
    ai = np.where(domains == "package", False, rng.random(MANY) < 0.5)
    sources = [f"{domain}/{number % 15}" for number, domain in enumerate(domains)]
    return pd.DataFrame({"domain": domains, "ai": ai, "cut": False, "tool": "", "source": sources, "split": np.arange(MANY) % 5})


@pytest.fixture(scope="module")
def scores(rows: pd.DataFrame) -> Scores:
    """Three witnesses and an encoder that know something, and a kind that knows the wild from the rest."""
    rng = np.random.default_rng(2)
    logits = {name: rows["ai"].to_numpy() * 2.0 + rng.normal(size=MANY) * 2 for name in (*dict.fromkeys([*WILD, *SNIPPET]), "encoder.0")}
    logits["trees.kind"] = np.where(rows["domain"] == "wild", 3.0, -3.0) + rng.normal(size=MANY)
    return Scores(logits, {}, np.column_stack([rng.integers(40, 9000, MANY), rng.random(MANY), logits["trees.kind"]]))


def loaded(entry: dict, full: dict | None = None) -> Stack:
    expert = {"weights": {}, "bias": [0.0] * (len(FAMILIES) + 1)}
    return Stack.load(json.dumps({"gate": entry, "cheap": entry, "full": full, "families": {"wild": expert, "snippet": expert}}).encode())


def evidence(scores: Scores, row: int, **logits: float) -> Evidence:
    said = {name: float(values[row]) for name, values in scores.logits.items()}
    return Evidence(said | logits, {}, int(scores.nature[row, 0]), float(scores.nature[row, 1]))


def test_the_runtime_ranks_rows_as_those_fitted_on_the_other_folds(rows: pd.DataFrame, scores: Scores) -> None:
    entry, held_out = fit_combination(rows, scores, WILD, SNIPPET)
    cheap = loaded(entry).cheap
    ours = [cheap.logit(evidence(scores, row)) for row in range(MANY)]
    assert np.corrcoef(ours, held_out)[0, 1] > 0.98
    assert np.mean(np.array(ours)[rows["ai"]]) > np.mean(np.array(ours)[~rows["ai"]]) + 1


def test_labelled_packages_count_as_more_files_of_the_wild(rows: pd.DataFrame) -> None:
    added = rows[rows["domain"] == "wild"].assign(domain="labelled", source=[f"pypi:{number}" for number in range((rows["domain"] == "wild").sum())])
    every = pd.concat([rows, added], ignore_index=True).assign(language="Python")
    weights, labelled = stack_weights(every), (every["domain"] == "labelled").to_numpy()
    np.testing.assert_allclose(weights[~labelled], stack_weights(rows))
    ai = every["ai"].to_numpy()
    assert weights[labelled & ~ai].sum() > 0
    assert weights[labelled & ai].sum() == pytest.approx(AI_SHARE["labelled"] * weights[labelled & ~ai].sum())


def test_in_the_wild_witnesses_count_alike_and_length_does_not(rows: pd.DataFrame, scores: Scores) -> None:
    cheap = loaded(fit_combination(rows, scores, WILD, SNIPPET)[0]).cheap
    wild = {"trees.kind": 60.0}
    middle = dict(zip(cheap.inputs, cheap.mean, strict=True))
    scale = dict(zip(cheap.inputs, cheap.scale, strict=True))

    def raised(name: str) -> float:
        return cheap.logit(evidence(scores, 0, **{**middle, **wild, name: middle[name] + scale[name]}))

    base = cheap.logit(evidence(scores, 0, **{**middle, **wild}))
    assert raised("trees.wild") - base == pytest.approx(raised("trees.all") - base)
    assert raised("trees.wild") > base
    assert raised("trees.snippet") == pytest.approx(base)
    short, long = (Evidence(middle | wild, {}, characters, 0.2) for characters in (60, 60_000))
    assert cheap.logit(short) == pytest.approx(cheap.logit(long))


def test_the_encoder_counts_in_snippets_alone(rows: pd.DataFrame, scores: Scores) -> None:
    entry, held_out = fit_combination(rows, scores, WILD, SNIPPET)
    full, logits = add_encoder(rows, scores, entry, held_out, "encoder.0")
    stack = loaded(entry, full)
    assert stack.full is not None
    for row in range(20):
        one = evidence(scores, row)
        counted = ENCODER_WEIGHT / (1 + np.exp(one.logits["trees.kind"]))
        standard = (one.logits["encoder.0"] - stack.full.mean[-1]) / stack.full.scale[-1]
        assert stack.full.logit(one) - stack.cheap.logit(one) == pytest.approx(counted * standard)
        assert logits[row] - held_out[row] == pytest.approx(counted * standard)


def test_more_of_its_frequency_is_taken_back_of_a_family_that_many_repositories_speak_for() -> None:
    families = ["Anthropic"] * 40 + ["Qwen"] * 30 + ["Mistral"] * 30 + ["Phi"] * 20
    sources = [f"a/{number % 12}" for number in range(40)] + [f"q/{number % 10}" for number in range(30)] + ["m/0"] * 30 + ["semeval"] * 20
    many = len(families)
    rows = pd.DataFrame({"domain": ["wild"] * 100 + ["semeval"] * 20, "ai": True, "cut": False, "family": families, "source": sources})
    said = np.full((many, len(FAMILIES) + 1), -3.0)
    said[np.arange(many), [FAMILIES.index(family) for family in families]] = 1.0
    nature = np.column_stack([np.ones(many), np.ones(many), np.where(rows["domain"] == "wild", 40.0, -40.0)])
    entry, shares = fit_families(rows, Scores({}, {"words": said}, nature), {"wild": ["words"], "snippet": ["words"]})
    assert shares.sum(axis=1) == pytest.approx(np.ones(many))
    bias = dict(zip(FAMILIES, entry["wild"]["bias"], strict=False))
    # Qwen and Mistral are equally common; ten repositories speak for one of them alone.
    assert bias["Qwen"] / bias["Mistral"] == pytest.approx(KNOWN_TAKEN_BACK / PRIOR_TAKEN_BACK)
    assert bias["Anthropic"] < bias["Qwen"]
