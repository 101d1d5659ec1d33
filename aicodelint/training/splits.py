"""Who may see what: the folds under which every figure of this project is measured.

The folds leave whole sources out, since a detector that meets its source again at test time looks brilliant and is useless:

- wild rows: by repository (their own ``fold`` column), so modern human projects are left out whole too;
- SemEval rows: by their own ``fold`` column (the one in-domain set);
- packages (PyPI, npm, Debian): each package whole; labelled ones (``labelled_packages``): each owner whole;
- everything else: all sources of one owner together.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

FOLDS = 5
HELD_OUT = 1
"""The fold that the encoder does not learn from."""
SEMEVAL = "mbzuai-nlp/SemEval-2026-Task13"
PACKAGES = ("PyPI", "npm", "Debian")
LABELLED_PACKAGES = "packages by age and notes"


def leave_sources_out(rows: pd.DataFrame) -> np.ndarray:
    """Return the fold (0 to 4) of each row of ``rows`` (columns source, group, fold), shape (n,)."""
    own = (rows["group"] == "wild") | (rows["source"] == SEMEVAL)
    package = rows["group"].isin([*PACKAGES, LABELLED_PACKAGES])
    folds = rows["fold"].to_numpy().copy()
    folds[package] = [_hashed(source) for source in rows["source"][package]]
    owner = rows["source"].str.split("/").str[0]
    rest = ~own & ~package
    sizes = owner[rest].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    load = [0] * FOLDS
    home: dict[str, int] = {}
    for name, size in sizes.items():
        lightest = load.index(min(load))
        home[str(name)] = lightest
        load[lightest] += int(size)
    folds[rest] = owner[rest].map(home)
    return np.asarray(folds, dtype=np.int64)


def training_rows(rows: pd.DataFrame, folds: np.ndarray, held_out: int) -> np.ndarray:
    """Return the mask of rows that may train when ``held_out`` is measured: other folds, and none of its problems, shape (n,)."""
    outside = folds != held_out
    shared = rows["problem_id"].isin(set(rows["problem_id"][~outside].dropna()) - {""})
    return np.asarray(outside & ~shared.to_numpy())


def _hashed(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % FOLDS
