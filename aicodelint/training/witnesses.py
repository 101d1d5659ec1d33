"""Trains the cheap witnesses and their combination in one resumable run: trees, networks, n-grams, stack, thresholds and figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aicodelint.detection.detector import ENCODER_INPUT
from aicodelint.detection.family_networks import FAMILY_NETWORKS_FILE
from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.detection.gate import AI_COLUMNS, GATE_FILE, KIND
from aicodelint.detection.ngrams import BITS
from aicodelint.rules import FAMILIES
from aicodelint.training import calibration, evaluation
from aicodelint.training.dataset import LABELLED, family_ids, load_rows, modern
from aicodelint.training.family_networks import train_family_networks
from aicodelint.training.gate import train_gate
from aicodelint.training.human_rows import BEFORE_AGENTS, BEFORE_MODELS, NO_AI_POLICY
from aicodelint.training.measure import Measured
from aicodelint.training.ngrams import NgramScores, train_ngrams
from aicodelint.training.stack import Scores, add_encoder, fit_combination, fit_families, nature_of

VIEW_EXPERTS = {
    "words": ("wild", "all"),
    "prose": ("wild", "all"),
    "comments": ("wild", "all"),
    "tokens": ("wild", "all", "snippet"),
    "shape": ("wild", "all", "snippet"),
    "text": ("wild", "all", "snippet"),
}
TREE_EXPERTS = tuple(name for name in AI_COLUMNS if name != KIND)
OF_THE_WILD, OF_SNIPPETS = ("wild", "all"), ("all", "snippet")
"""Which experts say what a file of the wild is, and which what a snippet is (of the views that have an expert for those)."""
FAMILY_WITNESSES = {"wild": ["network.wild", "words", "comments"], "snippet": ["network.snippet", "tokens", "shape"]}
ENCODER_LOGIT = "ai_all"
"""The column of the encoder's scores that is combined; the runtime calls it ``ENCODER_INPUT``."""
NAMED_RIGHT = 0.75
"""How often a named family has to be right. Not 0.8: so many wild files of other tools (whose model is unknown, and often one of these families)
look like a family's that no threshold reaches it on more than 2 % of the AI files."""
NEVER = 1.0
"""The threshold of a family that no confidence is enough for."""


def train_witnesses(data: Path, work: Path, out: Path, encoder_scores: Path | None = None, packages: Path | None = None) -> dict[str, Any]:
    """Train everything on ``data``, keep what can be resumed in ``work``, write the files to ``out``, return thresholds and figures.

    ``encoder_scores``: a parquet of rows that the encoder has not seen, by ``sample_id``, with its logits and ``family_NAME`` columns.
    ``packages``: a table of ``labelled_packages`` to learn from too.
    """
    from safetensors.numpy import save_file

    rows = load_rows(data, packages)
    measured = Measured(rows, work)
    gate, trees = train_gate(rows, measured.features, work / "parts")
    networks, network_families = train_family_networks(rows, measured.features, work / "parts")
    arrays, grams = train_ngrams(rows, measured, VIEW_EXPERTS, work / "parts")
    out.mkdir(parents=True, exist_ok=True)
    (out / GATE_FILE).write_bytes(gate)
    save_file(networks, out / FAMILY_NETWORKS_FILE)
    save_file({name: np.ascontiguousarray(values) for name, values in arrays.items()}, out / "ngrams.safetensors", {"bits": str(BITS)})
    comment_share = measured.features[:, FEATURE_NAMES.index("comment_share")].astype(np.float64)
    scores = _scores(rows, trees, network_families, grams, comment_share)
    stack, report = _fit(rows, scores, None if encoder_scores is None else pd.read_parquet(encoder_scores))
    (out / "stack.json").write_text(json.dumps(stack, indent=1) + "\n")
    (out / "witnesses.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def _scores(
    rows: pd.DataFrame,
    trees: NDArray[np.float64],
    networks: Mapping[str, NDArray[np.float64]],
    grams: NgramScores,
    comment_share: NDArray[np.float64],
) -> Scores:
    every = {f"trees.{name}": trees[:, column] for column, name in enumerate(AI_COLUMNS)} | grams.logits
    families = {f"network.{name}": said for name, said in networks.items()} | grams.families
    return Scores(every, families, nature_of(rows, comment_share, every))


def _fit(rows: pd.DataFrame, scores: Scores, encoder: pd.DataFrame | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return ``stack.json``, and the thresholds and figures: of the cheap witnesses on all rows, with the encoder on those that ``encoder`` holds."""
    trees = {"trees": TREE_EXPERTS}
    gate, gate_logits = fit_combination(rows, scores, *_inputs(trees))
    cheap, cheap_logits = fit_combination(rows, scores, *_inputs(trees | VIEW_EXPERTS))
    families, shares = fit_families(rows, scores, FAMILY_WITNESSES)
    stack = {"gate": gate, "cheap": cheap, "families": families}
    p_ai = _probability(cheap_logits)
    threshold = calibration.ai_threshold(p_ai, _human_files(rows))
    judged = {"cheap": (rows, p_ai, shares)}
    if encoder is not None:
        part, said, chosen = _rows_of(encoder, rows, scores)
        stack["full"], full_logits = add_encoder(part, said, cheap, cheap_logits[chosen], ENCODER_INPUT)
        # It has no say on files of the wild, for which all folds have decided; the packages of one fold are enough for the rest.
        full = _probability(full_logits)
        packages = [mask for mask in ((part["domain"] == "package").to_numpy(), *_random_packages(part)) if mask.any()]
        threshold = max(threshold, calibration.ai_threshold(full, packages))
        judged |= {"full": (part, full, shares[chosen]), "cheap on the same rows": (part, p_ai[chosen], shares[chosen])}
    family = _family_thresholds(rows, p_ai >= threshold, shares)
    report: dict[str, Any] = {name: _figures(*each, threshold, family) for name, each in judged.items()}
    report |= {"wild files": evaluation.wild_breakdown(rows, p_ai, threshold), "gate": _judge_gate(rows, _probability(gate_logits))}
    return stack, report | {"ai_threshold": threshold, "family_thresholds": dict(zip(FAMILIES, family.tolist(), strict=True))}


def _inputs(experts: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[str]]:
    """Return the names of the logits that speak of the wild, and of those that speak of snippets."""
    wild, snippets = [], []
    for view, names in experts.items():
        for number, expert in enumerate(names):
            name = f"trees.{expert}" if view == "trees" else f"{view}.{number}"
            if expert in OF_THE_WILD:
                wild.append(name)
            if expert in OF_SNIPPETS and "snippet" in names:
                snippets.append(name)
    return wild, snippets


def _rows_of(encoder: pd.DataFrame, rows: pd.DataFrame, scores: Scores) -> tuple[pd.DataFrame, Scores, NDArray[np.bool_]]:
    """Return the whole files that ``encoder`` holds the logits of, their scores with its logit among them, and their mask."""
    encoder = encoder.drop_duplicates("sample_id").set_index("sample_id")
    chosen = (rows["sample_id"].isin(encoder.index) & ~rows["cut"]).to_numpy()
    part = rows[chosen].reset_index(drop=True)
    said = encoder.loc[part["sample_id"], ENCODER_LOGIT].to_numpy(dtype=np.float64)
    seen = scores.take(chosen)
    return part, Scores({**seen.logits, ENCODER_INPUT: said}, seen.families, seen.nature), chosen


def _human_files(rows: pd.DataFrame) -> list[NDArray[np.bool_]]:
    """Return the masks of the human files that may each be taken for machines' at the same small rate.

    Those are older files of repositories, modern ones, packages, and random packages, from before models could write them and of 2023.
    """
    whole, wild, ai = ~rows["cut"].to_numpy(), (rows["domain"] == "wild").to_numpy(), rows["ai"].to_numpy()
    surely, package = (rows["tool"] == NO_AI_POLICY).to_numpy(), (rows["domain"] == "package").to_numpy()
    found = [whole & wild & ~ai & ~modern(rows), whole & surely, whole & package, *_random_packages(rows)]
    return [mask for mask in found if mask.any()]


def _random_packages(rows: pd.DataFrame) -> list[NDArray[np.bool_]]:
    """Return for each age of people's random packages the mask of the first file of each owner."""
    masks = []
    for age in (BEFORE_MODELS, BEFORE_AGENTS):
        human = (rows["domain"] == LABELLED) & (rows["tool"] == age) & ~rows["cut"]
        masks.append(np.asarray(human & ~rows["source"].where(human).duplicated(), dtype=np.bool_))
    return masks


def _family_thresholds(rows: pd.DataFrame, found: NDArray[np.bool_], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each family the confidence from which on it is named, shape (families,): what is enough for a common one is not for a rare one."""
    best, confidence = shares[:, :-1].argmax(axis=1), shares[:, :-1].max(axis=1)
    judged = found & ~rows["cut"].to_numpy() & rows["ai"].to_numpy() & rows["domain"].isin(["wild", "semeval"]).to_numpy() & np.isfinite(confidence)
    right = best == family_ids(rows)
    limits = np.full(len(FAMILIES), NEVER)
    for family in range(len(FAMILIES)):
        mine = judged & (best == family)
        if mine.any():
            limits[family] = calibration.family_threshold(confidence[mine], right[mine], NAMED_RIGHT)
    return limits


def _figures(
    rows: pd.DataFrame, p_ai: NDArray[np.float64], shares: NDArray[np.float64], threshold: float, family: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    figures = evaluation.detection_figures(rows, p_ai, threshold) | evaluation.family_figures(rows, shares, family, p_ai)
    return {"figures": {name: round(value, 4) for name, value in figures.items()}}


def _judge_gate(rows: pd.DataFrame, p_ai: NDArray[np.float64]) -> dict[str, Any]:
    whole, ai, domain = ~rows["cut"].to_numpy(), rows["ai"].to_numpy(), rows["domain"].to_numpy()
    threshold = calibration.gate_threshold(p_ai, [whole & ai & (domain == name) for name in ("wild", "semeval")])
    stopped = {name: round(float((p_ai < threshold)[whole & ~ai & (domain == name)].mean()), 4) for name in ("wild", "package", "semeval")}
    return {"threshold": threshold, "human files stopped": stopped, "figures": evaluation.detection_figures(rows, p_ai, 0.9)}


def _probability(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(1 / (1 + np.exp(-np.clip(logits, -40, 40))), 4)
