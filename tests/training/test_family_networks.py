from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from safetensors.numpy import save

from aicodelint.detection.family_networks import FamilyNetworks
from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.training import family_networks
from aicodelint.training.dataset import family_ids

MANY = 400


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family_networks, "EPOCHS", 25)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    domain = rng.choice(["wild", "semeval"], MANY)
    family = np.where(rng.random(MANY) < 0.25, "Human", rng.choice(["Anthropic", "OpenAI"], MANY))
    source = [f"{name}/{number % 20}" for number, name in enumerate(domain)]
    split = np.array([int(name.split("/")[1]) % 5 for name in source])
    return pd.DataFrame(
        {"domain": domain, "family": family, "ai": family != "Human", "cut": False, "source": source, "split": split, "problem_id": ""}
    )


@pytest.fixture(scope="module")
def features(rows: pd.DataFrame) -> np.ndarray:
    """Some numbers that give the family away, among noise."""
    found = np.random.default_rng(2).normal(size=(MANY, len(FEATURE_NAMES))).astype(np.float32)
    found[:, :60] += np.where(rows["family"] == "OpenAI", 30.0, 0.0)[:, None]
    return found


def test_rows_are_judged_by_networks_that_have_not_seen_their_source(rows: pd.DataFrame, features: np.ndarray, tmp_path: Path) -> None:
    tensors, held_out = family_networks.train_family_networks(rows, features, tmp_path)
    ids, ai = family_ids(rows), rows["ai"].to_numpy()
    for name in ("wild", "snippet"):
        right = held_out[name].argmax(axis=1) == ids
        assert right[ai & ((rows["domain"] == "wild") == (name == "wild")).to_numpy()].mean() > 0.95
        assert not held_out[name][~ai].any()
    mine = (rows["split"] == 3).to_numpy() & ai
    swapped = rows.assign(family=rows["family"].where(~mine, rows["family"].map({"Anthropic": "OpenAI", "OpenAI": "Anthropic"})))
    _, other = family_networks.train_family_networks(swapped, features, tmp_path / "swapped")
    # What the files of fold 3 are called is learnt by the networks of every other fold, and by its own not at all.
    assert other["wild"][mine] == pytest.approx(held_out["wild"][mine])
    assert np.abs(other["wild"][ai & ~mine] - held_out["wild"][ai & ~mine]).max() > 0.05
    runtime = FamilyNetworks(save(tensors))
    places = np.flatnonzero(ai)[:20]
    assert [int(runtime.logits(features[place])["wild"].argmax()) for place in places] == ids[places].tolist()


def test_the_members_side_by_side_are_their_mean(rows: pd.DataFrame, features: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = rows["ai"].to_numpy()
    arguments = features[chosen], family_ids(rows)[chosen], np.ones(int(chosen.sum()))
    together = family_networks._fit(*arguments).logits(features[:9])
    found = []
    alone = family_networks._fit_member
    monkeypatch.setattr(family_networks, "MEMBERS", 1)
    for seed in range(4):
        monkeypatch.setattr(family_networks, "_fit_member", lambda *given, seed=seed: alone(*given[:3], seed))
        found.append(family_networks._fit(*arguments).logits(features[:9]))
    assert together == pytest.approx(np.mean(found, axis=0), abs=1e-5)


def test_a_feature_that_never_varied_counts_for_nothing(rows: pd.DataFrame, features: np.ndarray) -> None:
    chosen = rows["ai"].to_numpy()
    same = features.copy()
    same[:, 200:210] = 3.7
    network = family_networks._fit(same[chosen], family_ids(rows)[chosen], np.ones(int(chosen.sum())))
    other = same[:9].copy()
    other[:, 200:210] = 1e6
    assert (network.logits(other) == network.logits(same[:9])).all()


def test_what_was_trained_is_not_trained_again(rows: pd.DataFrame, features: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = family_networks.train_family_networks(rows, features, tmp_path)
    monkeypatch.setattr(family_networks, "_fit", lambda *arguments: pytest.fail("trained again"))
    second = family_networks.train_family_networks(rows, features, tmp_path)
    for before, after in zip(first, second, strict=True):
        assert before.keys() == after.keys()
        assert all((before[name] == after[name]).all() for name in before)


def test_in_the_wild_repositories_count_alike(rows: pd.DataFrame) -> None:
    weights = pd.Series(family_networks._weights(rows, "wild"))
    wild = (rows["domain"] == "wild") & rows["ai"]
    assert (weights[~wild] == 0).all()
    of_family = weights[wild].groupby([rows["family"][wild], rows["source"][wild]]).sum()
    for _, sums in of_family.groupby(level=0):
        assert sums.to_numpy() == pytest.approx(1 / np.sqrt(len(sums)))
