"""The figures that ``aicodelint evaluate`` gives. One for which there are too few rows is None, never a number that means nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aicodelint.rules import TEN_FAMILIES
from aicodelint.training.calibration import calibration_error
from aicodelint.training.evaluate_intervals import area, found_at, histogram, intervals, level_at
from aicodelint.training.evaluate_rows import LENGTH_NAMES, Judged, length_bucket

RATE = 0.01
FEWEST = 10
"""Rows of a label (or of a family) that a share, an AUC or an F1 needs."""
FEWEST_FOR_RATE = 100
"""Human rows that "at 1 % false positives" needs: one of them is the 1 %."""
FEWEST_TO_CALIBRATE = 100
BINS = 15
EQUAL_WIDTH_BINS = 10
MODERN_YEAR = 2023
"""The first whole year in which anyone may have asked a machine: human rows from then on are the ones a year cannot give away."""
BY = ("source", "language", "family", "length", "year")
UNKNOWN = "not given"
LET_GO = "none (let go)"
ROC_POINTS = 200
_HUMAN, _STRANGER = -3, -2
"""Beside places of families: a human row, and an author that the bundle does not know. -1 is a row that the gate let go."""
Mask = npt.NDArray[np.bool_]


def figures(judged: Judged, seed: int = 0) -> dict[str, Any]:
    """Return all figures over all rows, as plain values that JSON can hold."""
    ai = judged.ai
    clusters = judged.clusters()
    sure = intervals(judged.score, ai, judged.flagged, clusters[0] if clusters else None, seed)
    found: dict[str, Any] = {
        "rows": len(ai),
        "human_rows": int((~ai).sum()),
        "ai_rows": int(ai.sum()),
        "too_little": int(judged.too_little.sum()),
        "flagged_human_rows": int(judged.flagged[~ai].sum()),
        "flagged_ai_rows": int(judged.flagged[ai].sum()),
        "bootstrap": f"{clusters[1]}s" if clusters else "rows",
        "clusters": len(np.unique(clusters[0])) if clusters else len(ai),
    }
    main = ranking(judged, ai, ~ai)
    for name, value in main.items():
        found[name] = value
        if name in sure and value is not None:
            found[f"{name}_95"] = [round(sure[name].low, 4), round(sure[name].high, 4)]
    found["modern"] = _against(judged, ~ai & (judged.year >= MODERN_YEAR), clusters, seed)
    found["older"] = _against(judged, ~ai & (judged.year > 0) & (judged.year < MODERN_YEAR), clusters, seed)
    found |= calibration(judged.score / 10_000, ai)
    found["families"] = family_figures(judged)
    found["roc"] = roc(judged)
    return found


def ranking(judged: Judged, ai: Mask, human: Mask) -> dict[str, float | None]:
    """Return AUC, shares flagged at the threshold and TPR at 1 % FPR of some AI rows against some human rows (a mask of shape (n,) each)."""
    machine, people = histogram(judged.score[ai]), histogram(judged.score[human])
    enough_ai, enough_human = ai.sum() >= FEWEST, human.sum() >= FEWEST
    return {
        "auc": _rounded(area(machine, people)) if enough_ai and enough_human else None,
        "fpr": _rounded(judged.flagged[human].mean()) if enough_human else None,
        "tpr": _rounded(judged.flagged[ai].mean()) if enough_ai else None,
        "found_at_1": _rounded(found_at(machine, people, RATE)) if enough_ai and human.sum() >= FEWEST_FOR_RATE else None,
    }


def calibration(probability: npt.NDArray[np.float64], ai: Mask) -> dict[str, Any]:
    """Return the expected calibration error over 15 bins of equal mass and over ten of equal width, and the bins of the former."""
    if len(ai) < FEWEST_TO_CALIBRATE or ai.all() or not ai.any():
        return {"ece": None, "ece_equal_width": None, "reliability": []}
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, BINS + 1)[1:-1], method="higher"))
    bins = _bins(probability, ai, np.searchsorted(edges, probability, side="right"))
    return {"ece": _error(bins), "ece_equal_width": _rounded(calibration_error(probability, ai, EQUAL_WIDTH_BINS)), "reliability": bins}


def family_figures(judged: Judged) -> dict[str, Any]:
    """Return what is right about the families of AI rows: macro-F1, named families, and the confusion matrix.

    A row that the gate let go has no family and counts as missed; authors that the bundle does not know can only be named wrongly.
    """
    ai = judged.ai
    authors, families = list(judged.authors), list(judged.families)
    known = {name.casefold(): place for place, name in enumerate(families)}
    same = np.array([known.get(name.casefold(), _STRANGER) for name in authors], np.int64)
    truth = np.where(ai, same[judged.author] if authors else _STRANGER, _HUMAN)
    ten = np.array([place for place, name in enumerate(families) if name in TEN_FAMILIES], np.int64)
    right = truth == judged.best
    named = judged.named & ai
    has_family = ai & (truth != _STRANGER)
    labels = np.where(judged.flagged, judged.best, _HUMAN)
    if not has_family.any():
        return {"rows": 0, "macro_f1": None, "macro_f1_ten": None, "macro_f1_labels": None, "named": None, "precision": None, "confusion": None}
    present, of_ten = np.unique(truth[has_family]), np.unique(truth[np.isin(truth, ten)])
    some_human = (~ai).sum() >= FEWEST
    return {
        "rows": int(has_family.sum()),
        "macro_f1": _macro_f1(truth, judged.best, has_family, present),
        "macro_f1_over": [families[place] for place in present],
        "macro_f1_ten": _macro_f1(truth, judged.best_of_ten, np.isin(truth, ten), of_ten),
        "macro_f1_ten_over": [families[place] for place in of_ten],
        "macro_f1_labels": _macro_f1(truth, labels, has_family | ~ai, np.append(present, _HUMAN)) if some_human else None,
        "named": _rounded(named.sum() / ai.sum()) if ai.sum() >= FEWEST else None,
        "named_rows": int(named.sum()),
        "precision": _rounded(right[named].mean()) if named.sum() >= FEWEST else None,
        "precision_with_human": _rounded((right & ai)[judged.named].mean()) if judged.named.sum() >= FEWEST else None,
        "confusion": _confusion(judged),
    }


def roc(judged: Judged) -> list[list[float]]:
    """Return points (FPR, TPR) of the ROC curve, from (0, 0) to (1, 1), at most some 200; none where a label has too few rows."""
    ai = judged.ai
    if ai.sum() < FEWEST or (~ai).sum() < FEWEST:
        return []
    rates = [np.concatenate([[0.0], np.cumsum(histogram(judged.score[mask])[::-1]) / mask.sum()]) for mask in (~ai, ai)]
    points = np.unique(np.column_stack(rates), axis=0)
    # The left end decides whether a linter is bearable, so that it keeps its points; the rest is thinned.
    grid = np.concatenate([np.linspace(0, 0.05, ROC_POINTS // 2), np.linspace(0.05, 1, ROC_POINTS // 2)])
    kept = np.unique(np.concatenate([[0, len(points) - 1], np.searchsorted(points[:, 0], grid, side="right") - 1]))
    return [[round(float(x), 5), round(float(y), 5)] for x, y in points[kept]]


def figures_by(judged: Judged, kind: str) -> list[dict[str, Any]]:
    """Return one table: the figures for each value of ``kind`` (of BY), largest first; lengths and years in their order.

    ``found`` is the share of AI rows above the score that 1 % of *all* human rows reach, so that the rows of a table can be compared. A family
    stands against all human rows.
    """
    ai = judged.ai
    level = level_at(histogram(judged.score[~ai]), RATE) if (~ai).sum() >= FEWEST_FOR_RATE else None
    table = []
    for value, mask in _values(judged, kind):
        human = ~ai if kind == "family" else mask & ~ai
        machine = mask & ai
        row: dict[str, Any] = {"value": value, "human_rows": None if kind == "family" else int(human.sum()), "ai_rows": int(machine.sum())}
        row |= ranking(judged, machine, human)
        row["found"] = _rounded((judged.score[machine] >= level).mean()) if level is not None and machine.sum() >= FEWEST else None
        if kind == "family":
            row["f1"] = _f1_of(judged, value)
            row["fpr"] = None
        else:
            row["ece"] = calibration(judged.score[mask] / 10_000, ai[mask])["ece"]
        table.append(row)
    return table


def _values(judged: Judged, kind: str) -> list[tuple[str, Mask]]:
    names: tuple[str, ...]
    if kind == "length":
        places, names = length_bucket(judged.length), LENGTH_NAMES
    elif kind == "year":
        years = np.unique(judged.year[judged.year > 0])
        places, names = np.where(judged.year > 0, np.searchsorted(years, judged.year), -1), tuple(str(year) for year in years)
    else:
        columns = {
            "source": (judged.source, judged.sources),
            "language": (judged.language, judged.languages),
            "family": (judged.author, judged.authors),
        }
        places, names = columns[kind]
    if not names or not (places >= 0).any():
        return []
    found = [(name, places == place) for place, name in enumerate(names)]
    if kind != "family":
        found.append((UNKNOWN, places < 0))
    found = [(name, mask) for name, mask in found if mask.any()]
    return found if kind in {"length", "year"} else sorted(found, key=lambda pair: -int(pair[1].sum()))


def _against(judged: Judged, human: Mask, clusters: tuple[npt.NDArray[np.int64], str] | None, seed: int) -> dict[str, Any] | None:
    """Return the ranking of all AI rows against some human rows; None without any."""
    if not human.any():
        return None
    ai = judged.ai
    found: dict[str, Any] = {"human_rows": int(human.sum()), **ranking(judged, ai, human)}
    rows = ai | human
    sure = intervals(judged.score[rows], ai[rows], judged.flagged[rows], clusters[0][rows] if clusters else None, seed)
    for name in ("auc", "fpr", "found_at_1"):
        if name in sure and found[name] is not None:
            found[f"{name}_95"] = [round(sure[name].low, 4), round(sure[name].high, 4)]
    return found


def _bins(probability: npt.NDArray[np.float64], ai: Mask, place: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    found = []
    for number in np.unique(place):
        mine = place == number
        found.append({"probability": float(probability[mine].mean()), "share": float(ai[mine].mean()), "rows": int(mine.sum())})
    return found


def _error(bins: list[dict[str, Any]]) -> float:
    apart = sum(part["rows"] * abs(part["probability"] - part["share"]) for part in bins)
    return _rounded(apart / sum(part["rows"] for part in bins))


def _macro_f1(truth: npt.NDArray[np.int64], guess: npt.NDArray[np.int64], rows: Mask, classes: npt.NDArray[np.int64]) -> float | None:
    """Return the mean F1 over ``classes`` on some rows; None where they are too few."""
    if rows.sum() < FEWEST or not len(classes):
        return None
    return _rounded(np.mean([_f1((truth == one) & rows, (guess == one) & rows) for one in classes]))


def _f1(truth: Mask, guess: Mask) -> float:
    either = int(truth.sum() + guess.sum())
    return 2 * int((truth & guess).sum()) / either if either else 0.0


def _f1_of(judged: Judged, author: str) -> float | None:
    families = [name.casefold() for name in judged.families]
    truth = judged.author == judged.authors.index(author)
    if author.casefold() not in families or truth.sum() < FEWEST:
        return None
    return _rounded(_f1(truth, judged.ai & (judged.best == families.index(author.casefold()))))


def _confusion(judged: Judged) -> dict[str, Any]:
    """Return the counts of AI rows: true authors by likeliest family, the last column holding those that the gate let go."""
    authors = sorted(judged.authors, key=lambda name: (_place(judged.families, name), name))
    used = [place for place in range(len(judged.families)) if (judged.ai & (judged.best == place)).any() or judged.families[place] in authors]
    columns = [*used, -1]
    matrix = [[int(((judged.author == judged.authors.index(name)) & (judged.best == place)).sum()) for place in columns] for name in authors]
    return {"true": authors, "named": [*(judged.families[place] for place in used), LET_GO], "rows": matrix}


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else len(names)


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
