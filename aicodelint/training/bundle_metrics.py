"""The figures of a user's bundle: all of them on texts that the models had not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support, roc_auc_score

from aicodelint.training.blend import AiSide
from aicodelint.training.calibration import calibration_error
from aicodelint.training.family_side import FamilySide
from aicodelint.training.user_bundle import Labelled, TrainedBundle

BINS = 10


def bundle_metrics(trained: TrainedBundle) -> dict[str, Any]:
    """Return what ``metrics.json`` holds of a training: the rows, and the figures of each side that was trained."""
    data = trained.data
    counts = {"Human": int(data.human.sum())} | {name: int((data.family == place).sum()) for place, name in enumerate(data.families)}
    found: dict[str, Any] = {
        "rows": len(data.code),
        "skipped_rows": data.skipped,
        "windows": len(trained.windows.owner),
        "groups": len(set(data.groups)) if data.groups is not None else None,
        "labels": {name: count for name, count in counts.items() if count},
    }
    if trained.ai is not None:
        found["ai"] = _ai_metrics(trained.ai, data)
    if trained.family is not None:
        found["family"] = _family_metrics(trained.family, data)
    return found


def reliability(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> tuple[list[dict[str, float]], float]:
    """Return for ten bins of confidence the mean confidence, the share that is right and their number, and the expected calibration error."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for number in range(BINS):
        chosen = place == number
        if chosen.any():
            bins.append({"confidence": float(confidence[chosen].mean()), "right": float(right[chosen].mean()), "rows": int(chosen.sum())})
    return bins, calibration_error(confidence, right, BINS)


def _ai_metrics(side: AiSide, data: Labelled) -> dict[str, Any]:
    judged = ~np.isnan(side.p_ai)
    if not judged.any():
        return {"judged_rows": 0}
    p_ai, is_ai = side.p_ai[judged], ~data.human[judged]
    bins, error = reliability(p_ai, is_ai)
    flagged = p_ai >= side.ai_threshold
    return {
        "judged_rows": int(judged.sum()),
        "auc": float(roc_auc_score(is_ai, p_ai)),
        "threshold": side.ai_threshold,
        "false_positive_rate": float(flagged[~is_ai].mean()),
        "true_positive_rate": float(flagged[is_ai].mean()),
        "expected_calibration_error": error,
        "reliability": bins,
    }


def _family_metrics(side: FamilySide, data: Labelled) -> dict[str, Any]:
    rows = np.flatnonzero(~data.human)
    judged = ~np.isnan(side.probabilities).any(1)
    history = {"best_epoch": side.trained.best_epoch, "history": side.trained.history}
    if not judged.any():
        return {"judged_rows": 0, **history}
    probabilities, truth = side.probabilities[judged], data.family[rows][judged]
    guess, confidence = probabilities.argmax(1), probabilities.max(1)
    labels = np.arange(len(data.families))
    precision, recall, f1, support = precision_recall_fscore_support(truth, guess, labels=labels, zero_division=0)
    bins, error = reliability(confidence, guess == truth)
    named = confidence >= side.threshold
    return {
        "judged_rows": int(judged.sum()),
        "accuracy": float((guess == truth).mean()),
        "macro_f1": float(f1_score(truth, guess, average="macro", labels=np.unique(truth), zero_division=0)),
        "threshold": side.threshold,
        "named": float(named.mean()),
        "precision_of_named": float((guess == truth)[named].mean()) if named.any() else None,
        "expected_calibration_error": error,
        "families": {
            name: {"precision": float(precision[place]), "recall": float(recall[place]), "f1": float(f1[place]), "rows": int(support[place])}
            for place, name in enumerate(data.families)
        },
        "confusion": confusion_matrix(truth, guess, labels=labels).tolist(),
        "reliability": bins,
        **history,
    }
