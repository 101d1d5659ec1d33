"""Trains the cheap witnesses and their combination in one resumable run: trees, n-grams, stack, thresholds and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aicodelint.detection.family_trees import CLASSES, FAMILY_EXPERTS, FAMILY_TREES_FILE
from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.detection.gate import AI_COLUMNS, GATE_FILE
from aicodelint.detection.ngrams import BITS
from aicodelint.training import calibration, evaluation
from aicodelint.training.dataset import load_rows, modern
from aicodelint.training.gate import family_ids, train_family_trees, train_gate
from aicodelint.training.measure import Measured
from aicodelint.training.ngrams import NgramScores, train_ngrams
from aicodelint.training.stack import Scores, add_encoder, fit_combination, fit_families, nature_of

VIEW_EXPERTS = {
    "words": ("wild",),
    "prose": ("wild", "all"),
    "comments": ("wild",),
    "tokens": ("wild", "all"),
    "shape": ("wild",),
    "text": ("wild", "all"),
}
GATE_INPUTS = [f"trees.{name}" for name in AI_COLUMNS if name != "kind"]
FAMILY_WITNESSES = {"wild": ["trees.wild", "words", "comments"], "snippet": ["trees.snippet", "tokens", "shape"]}
ENCODER_LOGITS = ("ai_all", "ai_wild")
"""Columns of the encoder's scores; the runtime calls them ``encoder.0`` and ``encoder.1``."""
NAMED_RIGHT = 0.75
"""How often a named family has to be right. Not 0.8: so many wild files of other tools (whose model is unknown, and often one of these families)
look like a family's that no threshold reaches it on more than 2 % of the AI files."""


def train_witnesses(data: Path, work: Path, out: Path, encoder_scores: Path | None = None) -> dict[str, Any]:
    """Train everything on ``data``, keep what can be resumed in ``work``, write the files to ``out``, return thresholds and figures.

    ``encoder_scores``: a parquet of rows that the encoder has not seen, by ``sample_id``, with its logits and ``family_NAME`` columns.
    """
    from safetensors.numpy import save_file

    rows = load_rows(data)
    measured = Measured(rows, work)
    gate, trees = train_gate(rows, measured.features, work / "parts")
    family_graph, family_trees = train_family_trees(rows, measured.features, work / "parts")
    arrays, grams = train_ngrams(rows, measured, VIEW_EXPERTS, work / "parts")
    out.mkdir(parents=True, exist_ok=True)
    (out / GATE_FILE).write_bytes(gate)
    (out / FAMILY_TREES_FILE).write_bytes(family_graph)
    save_file({name: np.ascontiguousarray(values) for name, values in arrays.items()}, out / "ngrams.safetensors", {"bits": str(BITS)})
    comment_share = measured.features[:, FEATURE_NAMES.index("comment_share")].astype(np.float64)
    scores = _scores(rows, trees, family_trees, grams, comment_share)
    stack, report = _fit_cheap(rows, scores)
    if encoder_scores is not None:
        _fit_full(rows, scores, stack, report, pd.read_parquet(encoder_scores))
    (out / "stack.json").write_text(json.dumps({key: value for key, value in stack.items() if not key.startswith("_")}, indent=1) + "\n")
    (out / "witnesses.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def _scores(
    rows: pd.DataFrame, trees: NDArray[np.float64], family_trees: NDArray[np.float64], grams: NgramScores, comment_share: NDArray[np.float64]
) -> Scores:
    every = {f"trees.{name}": trees[:, column] for column, name in enumerate(AI_COLUMNS)} | grams.logits
    blocks = {f"trees.{name}": family_trees[:, n * CLASSES : (n + 1) * CLASSES] for n, name in enumerate(FAMILY_EXPERTS)}
    return Scores(every, blocks | grams.families, nature_of(rows, comment_share, every))


def _fit_cheap(rows: pd.DataFrame, scores: Scores) -> tuple[dict[str, Any], dict[str, Any]]:
    gate, gate_logits = fit_combination(rows, scores, GATE_INPUTS)
    cheap, cheap_logits = fit_combination(rows, scores, [name for name in scores.logits if name != "trees.kind"])
    families, shares = fit_families(rows, scores, FAMILY_WITNESSES)
    stack = {"gate": gate, "cheap": cheap, "families": families, "_cheap_logits": cheap_logits, "_shares": shares}
    report = {"cheap": _judge(rows, _probability(cheap_logits), shares), "gate": _judge_gate(rows, _probability(gate_logits))}
    return stack, report


def _fit_full(rows: pd.DataFrame, scores: Scores, stack: dict[str, Any], report: dict[str, Any], encoder: pd.DataFrame) -> None:
    """Add the encoder's part to ``stack`` and ``report``, measured on the rows that ``encoder`` holds."""
    encoder = encoder.drop_duplicates("sample_id").set_index("sample_id")
    chosen = (rows["sample_id"].isin(encoder.index) & ~rows["cut"]).to_numpy()
    part = rows[chosen].reset_index(drop=True)
    aligned = encoder.loc[part["sample_id"]]
    seen = scores.take(chosen)
    logits = {f"encoder.{number}": aligned[column].to_numpy(dtype=np.float64) for number, column in enumerate(ENCODER_LOGITS)}
    both = Scores({**seen.logits, **logits}, seen.families, seen.nature)
    stack["full"], full_logits = add_encoder(part, both, stack["cheap"], stack["_cheap_logits"][chosen], ("encoder.0", "encoder.1"))
    shares = stack["_shares"][chosen]
    report["full"] = _judge(part, _probability(full_logits), shares)
    report["cheap on the same rows"] = _judge(part, _probability(stack["_cheap_logits"][chosen]), shares)


def _judge(rows: pd.DataFrame, p_ai: NDArray[np.float64], shares: NDArray[np.float64]) -> dict[str, Any]:
    whole, ai, wild = ~rows["cut"].to_numpy(), rows["ai"].to_numpy(), (rows["domain"] == "wild").to_numpy()
    surely, package = (rows["tool"] == "no-ai-policy").to_numpy(), (rows["domain"] == "package").to_numpy()
    threshold = calibration.ai_threshold(p_ai, [whole & wild & ~ai & ~modern(rows), whole & surely, whole & package])
    best, confidence = shares[:, :-1].argmax(axis=1), shares[:, :-1].max(axis=1)
    judged = whole & ai & (wild | (rows["domain"] == "semeval").to_numpy()) & (p_ai >= threshold) & np.isfinite(confidence)
    family = calibration.family_threshold(confidence[judged], (best == family_ids(rows))[judged], NAMED_RIGHT)
    figures = evaluation.detection_figures(rows, p_ai, threshold) | evaluation.family_figures(rows, shares, family, p_ai)
    return {"threshold": threshold, "family_threshold": family, "figures": {name: round(value, 4) for name, value in figures.items()}}


def _judge_gate(rows: pd.DataFrame, p_ai: NDArray[np.float64]) -> dict[str, Any]:
    whole, ai, domain = ~rows["cut"].to_numpy(), rows["ai"].to_numpy(), rows["domain"].to_numpy()
    threshold = calibration.gate_threshold(p_ai, [whole & ai & (domain == name) for name in ("wild", "semeval")])
    stopped = {name: round(float((p_ai < threshold)[whole & ~ai & (domain == name)].mean()), 4) for name in ("wild", "package", "semeval")}
    return {"threshold": threshold, "human files stopped": stopped, "figures": evaluation.detection_figures(rows, p_ai, 0.9)}


def _probability(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(1 / (1 + np.exp(-np.clip(logits, -40, 40))), 4)
