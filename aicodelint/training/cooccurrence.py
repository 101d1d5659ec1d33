"""A cheap start for token embeddings: the leading directions of how often tokens stand near each other (positive pointwise mutual information)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from sklearn.utils.extmath import randomized_svd

from aicodelint.training.encoder_data import Shards


def cooccurrence_embeddings(
    shards: Shards, usable: np.ndarray, vocabulary: int, width: int, *, reach: int = 4, tokens: int = 8_000_000, seed: int = 0
) -> np.ndarray:
    """Return embeddings of shape (vocabulary, width), float32, of unit variance a row, from neighbours up to ``reach`` tokens away.

    ``usable`` are the rows of the shards to read, about ``tokens`` tokens of them.
    """
    generator = np.random.default_rng(seed)
    rows = generator.permutation(usable)
    lengths = np.diff(shards.offsets)[rows]
    rows = rows[: int(np.searchsorted(np.cumsum(lengths), tokens)) + 1]
    ids = np.concatenate([shards.ids[shards.offsets[row] : shards.offsets[row + 1]] for row in rows]).astype(np.int64)
    counts = coo_matrix((vocabulary, vocabulary), dtype=np.float32).tocsr()
    for distance in range(1, reach + 1):
        pairs, number = np.unique(ids[:-distance] * vocabulary + ids[distance:], return_counts=True)
        counts = (
            counts + coo_matrix((number / distance, (pairs // vocabulary, pairs % vocabulary)), (vocabulary, vocabulary), dtype=np.float32).tocsr()
        )
    counts = counts + counts.T
    total = counts.sum()
    frequency = np.asarray(counts.sum(axis=1)).ravel() + 1e-9
    context = frequency**0.75
    context = context / context.sum()
    table = counts.tocoo()
    value = np.log(table.data / total) - np.log(frequency[table.row] / total) - np.log(context[table.col])
    keep = value > 0
    table = coo_matrix((value[keep], (table.row[keep], table.col[keep])), table.shape, dtype=np.float32).tocsr()
    left, strength, _ = randomized_svd(table, width, n_iter=2, random_state=seed)
    embeddings = left * np.sqrt(strength)
    embeddings = embeddings @ np.linalg.qr(generator.standard_normal((width, width)))[0]  # spread the strong directions over all dimensions
    norm = np.sqrt((embeddings**2).mean(axis=1, keepdims=True))
    unseen = norm[:, 0] < 1e-6
    embeddings = embeddings / np.maximum(norm, 1e-6)
    embeddings[unseen] = generator.standard_normal((int(unseen.sum()), width))
    return np.ascontiguousarray(embeddings, dtype=np.float32)
