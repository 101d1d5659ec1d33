"""The figures that a detector is judged by here, from out-of-fold probabilities: the table of issue and model card."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aicodelint.detection.family_networks import CLASSES
from aicodelint.rules import FAMILIES, TEN_FAMILIES
from aicodelint.training.calibration import calibration_error
from aicodelint.training.dataset import LABELLED, family_ids, modern
from aicodelint.training.human_rows import BEFORE_AGENTS, BEFORE_MODELS, NO_AI_POLICY

SHORT_CHARACTERS = 600
LENGTHS = {"under 300": 300, "300 to 600": 600, "600 to 1,500": 1500, "1,500 to 5,000": 5000, "5,000 and more": 10**9}
"""Bins of characters by name, each up to its number."""
FEWEST_FILES = 20
"""Below so many files of a language or length, no share is told."""
SHORT = f"wild found at 1 %, under {SHORT_CHARACTERS} characters"
WILD_FOUR = ("Qwen", "OpenAI", "Anthropic", "Gemini")


def area(ai: NDArray[np.float64], human: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve: how often an AI file scores above a human one (ties count half)."""
    if not len(ai) or not len(human):
        return float("nan")
    ranks = pd.Series(np.concatenate([ai, human])).rank().to_numpy()[: len(ai)]
    return float((ranks.sum() - len(ai) * (len(ai) + 1) / 2) / (len(ai) * len(human)))


def found_at(ai: NDArray[np.float64], human: NDArray[np.float64], rate: float = 0.01) -> float:
    """Return the share of AI files above the score that ``rate`` of the human files reach."""
    return float((ai > np.quantile(human, 1 - rate)).mean()) if len(ai) and len(human) else float("nan")


def detection_figures(rows: pd.DataFrame, p_ai: NDArray[np.float64], threshold: float) -> dict[str, float]:
    """Return the figures of AI against human over whole files (cuts are left out), at ``threshold`` where one is needed."""
    whole = ~rows["cut"].to_numpy()
    ai, domain, recent = rows["ai"].to_numpy(), rows["domain"].to_numpy(), modern(rows)
    surely = (rows["tool"] == NO_AI_POLICY).to_numpy()

    def scores(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(p_ai[mask & whole])

    wild_ai, wild_human = scores((domain == "wild") & ai), scores((domain == "wild") & ~ai)
    package, semeval_ai, semeval_human = scores(domain == "package"), scores((domain == "semeval") & ai), scores((domain == "semeval") & ~ai)
    unseen = scores((domain == "benchmark") & ai)
    human = np.concatenate([wild_human, package])
    semeval, short = (domain == "semeval") & whole, (rows["characters"] < SHORT_CHARACTERS).to_numpy()
    figures = {
        "wild AUC, older human": area(wild_ai, scores((domain == "wild") & ~ai & ~recent)),
        "wild AUC, modern human": area(wild_ai, scores(recent)),
        "wild AUC, no-AI projects": area(wild_ai, scores(surely)),
        "wild found at 1 %": found_at(wild_ai, wild_human),
        SHORT: found_at(scores((domain == "wild") & ai & short), wild_human),
        "SemEval AUC": area(semeval_ai, semeval_human),
        "unseen sources AUC, packages": area(unseen, package),
        "SemEval found at 1 % over all": found_at(semeval_ai, human),
        "unseen found at 1 % over all": found_at(unseen, human),
        "wild found at 1 % over all": found_at(wild_ai, human),
        "wild found at threshold": float((wild_ai >= threshold).mean()),
        "flagged packages": float((package >= threshold).mean()),
        "flagged older wild": float((scores((domain == "wild") & ~ai & ~recent) >= threshold).mean()),
        "flagged no-AI projects": float((scores(surely) >= threshold).mean()),
        "ECE SemEval": calibration_error(p_ai[semeval], ai[semeval]),
        "ECE wild": calibration_error(p_ai[(domain == "wild") & whole], ai[(domain == "wild") & whole]),
    }
    labelled = domain == LABELLED
    for what, mask in (
        ("found random packages with agents' notes", labelled & ai),
        ("flagged random packages to 2022", labelled & (rows["tool"] == BEFORE_MODELS).to_numpy()),
        ("flagged random packages of 2023", labelled & (rows["tool"] == BEFORE_AGENTS).to_numpy()),
    ):
        if (mask & whole).any():
            figures[what] = float((scores(mask) >= threshold).mean())
    return figures


def wild_breakdown(rows: pd.DataFrame, p_ai: NDArray[np.float64], threshold: float) -> dict[str, dict[str, tuple[float | None, ...]]]:
    """Return by ``language`` and by ``length`` of whole files of the wild how many are found and flagged; ``p_ai`` has the shape (n,).

    Each entry: AI files, the share of them above the score that 1 % of all wild human files reach, the share at ``threshold``, human files,
    the share of them at ``threshold``. There is no share (None) of fewer than ``FEWEST_FILES``.
    """
    chosen = ~rows["cut"].to_numpy() & (rows["domain"] == "wild").to_numpy()
    p_ai, ai, characters = p_ai[chosen], rows["ai"].to_numpy()[chosen], rows["characters"].to_numpy()[chosen]
    strict = float(np.quantile(p_ai[~ai], 0.99))
    bins = np.array(list(LENGTHS))[np.searchsorted(list(LENGTHS.values()), characters, side="right")]
    languages = rows["language"].to_numpy()[chosen]
    by_size = [str(name) for name in pd.Series(languages).value_counts().index]
    found: dict[str, dict[str, tuple[float | None, ...]]] = {}
    for kind, names, order in (("language", languages, by_size), ("length", bins, list(LENGTHS))):
        found[kind] = {}
        for name in order:
            mine, theirs = p_ai[ai & (names == name)], p_ai[~ai & (names == name)]
            told = (_share(mine > strict), _share(mine >= threshold))
            found[kind][name] = (len(mine), *told, len(theirs), _share(theirs >= threshold))
    return found


def _share(which: NDArray[np.bool_]) -> float | None:
    return round(float(which.mean()), 4) if len(which) >= FEWEST_FILES else None


def family_figures(
    rows: pd.DataFrame, probabilities: NDArray[np.float64], thresholds: NDArray[np.float64], p_ai: NDArray[np.float64]
) -> dict[str, float]:
    """Return the figures of the families over AI rows, for ``probabilities`` (n, families + 1) and ``thresholds`` (families,).

    Named are files of ``p_ai`` >= 0.5 whose likeliest family reaches its threshold.
    """
    ids, ai, whole = family_ids(rows), rows["ai"].to_numpy(), ~rows["cut"].to_numpy()
    measured = np.isfinite(probabilities[:, 0]) & ai & whole
    wild, semeval = (rows["domain"] == "wild").to_numpy() & measured, (rows["domain"] == "semeval").to_numpy() & measured
    ten = np.array([FAMILIES.index(name) for name in TEN_FAMILIES])
    four = np.array([FAMILIES.index(name) for name in WILD_FOUR])
    best, confidence = probabilities[:, : CLASSES - 1].argmax(axis=1), probabilities[:, : CLASSES - 1].max(axis=1)
    judged = wild | semeval
    named = judged & (confidence >= thresholds[best]) & (p_ai >= 0.5)
    return {
        "SemEval macro-F1 over ten": _macro_f1(ids, probabilities, semeval, ten),
        "wild macro-F1 over four": _macro_f1(ids, probabilities, wild, four),
        "named right": float((best == ids)[named].mean()) if named.any() else float("nan"),
        "share named": float(named.sum() / max(judged.sum(), 1)),
    }


def _macro_f1(ids: NDArray[np.int64], probabilities: NDArray[np.float64], rows: NDArray[np.bool_], families: NDArray[np.int64]) -> float:
    chosen = rows & np.isin(ids, families)
    guess = families[probabilities[chosen][:, families].argmax(axis=1)]
    truth = ids[chosen]
    scores = []
    for family in families:
        both = ((guess == family) & (truth == family)).sum()
        either = (guess == family).sum() + (truth == family).sum()
        scores.append(2 * both / either if either else 0.0)
    return float(np.mean(scores))
