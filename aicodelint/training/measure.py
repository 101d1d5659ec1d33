"""Measures every row once: the cheap features and the hashed n-grams of each view, kept in a work directory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from aicodelint.detection.features import FEATURE_NAMES, extract
from aicodelint.detection.lexing import lex
from aicodelint.detection.ngrams import BUCKETS, VIEWS, hashed_counts

LONGEST = 12_000
"""Characters of a row whose n-grams are counted at training time: the rest of a long file says little more and costs as much."""


class Measured:
    """The measurements of a table of rows: ``features`` (n, f) and, by ``grams``, one sparse matrix (n, buckets) a view."""

    def __init__(self, rows: pd.DataFrame, work: Path, processes: int = 2) -> None:
        """Measure the rows, or read what an earlier run measured of the very same texts with the same views and features."""
        self._work = work / f"measured-{_fingerprint(rows)}"
        if not (self._work / "complete").exists():
            self._work.mkdir(parents=True, exist_ok=True)
            _measure_all(rows, self._work, processes)
            (self._work / "complete").touch()
        self.features: NDArray[np.float32] = np.load(self._work / "features.npy")

    def grams(self, view: str) -> sparse.csr_matrix:
        """Return the n-gram weights of a view, float64 (what liblinear reads), shape (n, buckets)."""
        starts, buckets, weights = (np.load(self._work / f"{view}-{part}.npy") for part in ("starts", "buckets", "weights"))
        return sparse.csr_matrix((weights.astype(np.float64), buckets, starts), shape=(len(starts) - 1, BUCKETS))


def _fingerprint(rows: pd.DataFrame) -> str:
    digest = hashlib.sha256(repr((FEATURE_NAMES, [(view.name, view.orders) for view in VIEWS], LONGEST)).encode())
    digest.update(pd.util.hash_pandas_object(rows["text"], index=False).to_numpy().tobytes())
    return digest.hexdigest()[:12]


def _measure_all(rows: pd.DataFrame, folder: Path, processes: int) -> None:
    features = np.empty((len(rows), len(FEATURE_NAMES)), dtype=np.float32)
    parts: dict[str, list[tuple[NDArray[np.int32], NDArray[np.float16]]]] = {view.name: [] for view in VIEWS}
    with get_context("spawn").Pool(processes) as pool:
        jobs: Iterable[tuple[str, str]] = zip(rows["text"], rows["language"], strict=True)
        for number, (vector, grams) in enumerate(pool.imap(_measure_one, jobs, chunksize=200)):
            features[number] = vector
            for name, found in grams.items():
                parts[name].append(found)
    np.save(folder / "features.npy", features)
    for name, found_all in parts.items():
        np.save(folder / f"{name}-starts.npy", np.cumsum([0, *(len(buckets) for buckets, _ in found_all)]))
        np.save(folder / f"{name}-buckets.npy", np.concatenate([buckets for buckets, _ in found_all]))
        np.save(folder / f"{name}-weights.npy", np.concatenate([weights for _, weights in found_all]))


def _measure_one(row: tuple[str, str]) -> tuple[NDArray[np.float32], dict[str, tuple[NDArray[np.int32], NDArray[np.float16]]]]:
    text, language = row
    lexed = lex(text, language)
    vector = extract(lexed)
    if len(text) > LONGEST:
        lexed = lex(text[:LONGEST], language)
    grams = {}
    for view in VIEWS:
        buckets, weights = hashed_counts(view.symbols(lexed), view.orders)
        grams[view.name] = (buckets.astype(np.int32), weights.astype(np.float16))
    return vector, grams
