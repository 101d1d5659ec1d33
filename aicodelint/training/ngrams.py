"""Trains the linear witnesses over hashed n-grams, and the family models over the same n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from aicodelint.detection.ngrams import BUCKETS
from aicodelint.rules import FAMILIES
from aicodelint.training.dataset import LABELLED, family_ids, row_weights
from aicodelint.training.gate import EXPERTS
from aicodelint.training.measure import Measured
from aicodelint.training.splits import FOLDS, training_rows

STRENGTH = {"wild": 100.0, "all": 30.0, "snippet": 30.0}
"""liblinear's C of each expert, for rows of mean weight 1."""
NGRAM_EXPERTS = EXPERTS | {"snippet": EXPERTS["snippet"] | {LABELLED: 2.5}}
"""What each expert learns from. Of snippets n-grams learn from labelled packages too: small ones are full of code that looks like an exercise. Trees
get worse at snippets by them."""
FAMILY_STRENGTH = 10.0
FAMILY_VIEWS = {"words": "wild", "comments": "wild", "tokens": "snippet", "shape": "snippet"}
"""Which kind of AI rows each view's family model learns from. In the wild, n-grams of code learn the repositories; those of comments do not."""
BENCHMARK_FAMILY_SHARE = 0.1
FEWEST_ROWS = 15
"""A family with fewer rows than this is not learnt."""
NEVER_SEEN = -4.0
"""The logit of a family that a fold has too few rows of to learn."""


@dataclass(frozen=True, slots=True)
class NgramScores:
    """Out-of-fold logits by name (``VIEW.COLUMN``), each (n,), and family logits by view, each (n, families + 1), NaN where not measured."""

    logits: dict[str, NDArray[np.float64]]
    families: dict[str, NDArray[np.float64]]


def train_ngrams(
    rows: pd.DataFrame, measured: Measured, experts: dict[str, tuple[str, ...]], work: Path
) -> tuple[dict[str, NDArray[np.generic]], NgramScores]:
    """Return the arrays of ``ngrams.safetensors`` trained on all rows, and the out-of-fold logits of every row.

    ``experts`` names for each view the experts (of ``NGRAM_EXPERTS``) that read it, in the order of its columns.
    """
    work.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[np.generic]] = {}
    scores = NgramScores({}, {})
    for view, names in experts.items():
        kept = work / f"ngrams-{view}-{'-'.join(names)}.npz"
        if not kept.exists():
            _train_view(rows, measured.grams(view), names, kept)
        with np.load(kept) as found:
            for column in range(len(names)):
                scores.logits[f"{view}.{column}"] = found["held_out"][:, column]
            arrays[f"{view}.ai"], arrays[f"{view}.ai_bias"] = found["weights"], found["bias"]
        if view in FAMILY_VIEWS:
            kept = work / f"ngrams-{view}-family.npz"
            if not kept.exists():
                _train_families(_family_weights(rows, FAMILY_VIEWS[view]), rows, measured.grams(view), kept)
            with np.load(kept) as found:
                scores.families[view] = found["held_out"]
                arrays |= {f"{view}.{part}": found[part] for part in ("family", "family_bias", "family_scale")}
    return arrays, scores


def _train_view(rows: pd.DataFrame, grams: sparse.csr_matrix, names: tuple[str, ...], kept: Path) -> None:
    split, labels = rows["split"].to_numpy(), rows["ai"].to_numpy()
    empty = np.diff(grams.indptr) == 0
    held_out, weights, bias = np.zeros((len(rows), len(names))), np.zeros((BUCKETS, len(names)), np.float16), np.zeros(len(names), np.float32)
    for column, name in enumerate(names):
        importance = row_weights(rows, NGRAM_EXPERTS[name])
        for fold in range(FOLDS):
            mine = split == fold
            chosen = training_rows(rows, split, fold) & (importance > 0) & ~empty
            model = _fit(grams[chosen], labels[chosen], importance[chosen], STRENGTH[name])
            held_out[mine, column] = grams[mine] @ model[0] + model[1]
        chosen = (importance > 0) & ~empty
        model = _fit(grams[chosen], labels[chosen], importance[chosen], STRENGTH[name])
        weights[:, column], bias[column] = model
    held_out[empty] = 0.0
    np.savez(kept, held_out=held_out, weights=weights, bias=bias)


def _train_families(importance: NDArray[np.float64], rows: pd.DataFrame, grams: sparse.csr_matrix, kept: Path) -> None:
    """Train one-against-all models of the families on the rows of some importance, int8 with a scale for each, and their out-of-fold logits."""
    split, ids = rows["split"].to_numpy(), family_ids(rows)
    classes = len(FAMILIES) + 1
    held_out = np.full((len(rows), classes), np.nan)
    weights, bias = np.zeros((BUCKETS, classes)), np.full(classes, NEVER_SEEN, dtype=np.float32)
    ai = rows["ai"].to_numpy()
    for fold in (*range(FOLDS), None):
        chosen = importance > 0
        if fold is not None:
            chosen &= training_rows(rows, split, fold)
        mine = ai & (split == fold) if fold is not None else np.zeros(len(rows), dtype=np.bool_)
        part = grams[chosen]
        for family in range(classes):
            target = ids[chosen] == family
            if target.sum() < FEWEST_ROWS:
                held_out[mine, family] = NEVER_SEEN
                continue
            model = _fit(part, target, importance[chosen], FAMILY_STRENGTH, sweeps=10, tolerance=0.1)
            held_out[mine, family] = grams[mine] @ model[0] + model[1]
            if fold is None:
                weights[:, family], bias[family] = model
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    np.savez(kept, held_out=held_out, family=np.round(weights / scale).astype(np.int8), family_scale=scale.astype(np.float32), family_bias=bias)


def _family_weights(rows: pd.DataFrame, kind: str) -> NDArray[np.float64]:
    """Return the weights of the AI rows of a kind of code, 0 for all other rows.

    In the wild every repository counts alike, and a family by the root of its repositories. Snippets: a family by the inverse fourth root
    of its size, a source and family by the root, SemEval rows above benchmarks.
    """
    ai, wild = rows["ai"].to_numpy(), (rows["domain"] == "wild").to_numpy()
    size = rows.groupby(["source", "family"])["ai"].transform("size").to_numpy().astype(np.float64)
    if kind == "wild":
        repositories = rows[ai & wild].groupby("family")["source"].nunique()
        return np.where(ai & wild, 1 / size / np.sqrt(rows["family"].map(repositories).fillna(1).to_numpy()), 0.0)
    ids, mine = family_ids(rows), ai & rows["domain"].isin(["semeval", "benchmark"]).to_numpy()
    sizes = np.bincount(ids[mine], minlength=len(FAMILIES) + 1)
    domain = np.where(rows["domain"] == "benchmark", BENCHMARK_FAMILY_SHARE, 1.0)
    return np.where(mine, size**-0.5 * domain * np.maximum(sizes[ids], 1.0) ** -0.25, 0.0)


def _fit(
    grams: sparse.csr_matrix, labels: NDArray[np.bool_], weights: NDArray[np.float64], strength: float, *, sweeps: int = 30, tolerance: float = 0.05
) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, solver="liblinear", dual=True, max_iter=sweeps, tol=tolerance, random_state=0)
    model.fit(grams, labels, sample_weight=weights / weights.mean())
    return model.coef_[0], float(model.intercept_[0])
