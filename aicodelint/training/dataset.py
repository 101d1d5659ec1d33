"""The rows that the cheap witnesses learn from: cleaned as at scanning time, benchmarks thinned, files cut to the lengths of machine samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aicodelint.detection.body import prepare
from aicodelint.rules import FAMILIES, HUMAN
from aicodelint.training.human_rows import BEFORE_AGENTS, NO_AI_POLICY
from aicodelint.training.splits import LABELLED_PACKAGES, PACKAGES, SEMEVAL, leave_sources_out

MIN_CHARACTERS = 40
SHORTEST_TO_CUT = 700
CUT_CHARACTERS = (250, 2500)
BENCHMARK_ROWS_A_MODEL = 40
BENCHMARK_ROWS_A_SOURCE = 1200
MODERN_WEIGHT = 2.0
"""Modern human files are the rarest rows and the ones a false positive hurts most."""
LABELLED = "labelled"
FEWEST_OWNERS = 10
"""Labelled packages of fewer owners than this say too little of a language's habits to be learnt from."""


def load_rows(path: Path, packages: Path | None = None, seed: int = 7) -> pd.DataFrame:
    """Return the training rows with ``text`` (prepared), ``split`` (the fold of ``splits``), ``domain``, ``ai`` and ``cut``.

    ``domain`` is ``wild``, ``package``, ``semeval``, ``benchmark``, or ``labelled`` for the rows of ``packages`` (a table of
    ``labelled_packages``), which come last. Benchmark rows by machines are thinned per model and source, since they are many and alike. Every
    long file of the wild and of packages comes a second time as a run of its lines, so that short texts are known too.
    """
    rows = _prepared(path, seed)
    return rows if packages is None else pd.concat([rows, _prepared(packages, seed)], ignore_index=True)


def _prepared(path: Path, seed: int) -> pd.DataFrame:
    rows = pd.read_parquet(path)
    rows["split"] = leave_sources_out(rows)
    rows["ai"] = rows["family"] != HUMAN
    rows["domain"] = np.select(
        [rows["group"] == "wild", rows["group"].isin(PACKAGES), rows["source"] == SEMEVAL, rows["group"] == LABELLED_PACKAGES],
        ["wild", "package", "semeval", LABELLED],
        "benchmark",
    )
    rows["tool"] = rows["tool"].fillna("").astype(str)
    rows["problem_id"] = rows["problem_id"].fillna("")
    rng = np.random.default_rng(seed)
    rows = rows[_thinned(rows, rng)].reset_index(drop=True)
    rows["text"] = [prepare(text, language) for text, language in zip(rows.pop("code"), rows["language"], strict=True)]
    rows["cut"] = False
    rows = pd.concat([rows, _cuts(rows, rng)], ignore_index=True)
    rows["characters"] = rows["text"].str.len()
    return rows[rows["characters"] >= MIN_CHARACTERS].reset_index(drop=True)


def row_weights(rows: pd.DataFrame, shares: dict[str, float]) -> NDArray[np.float64]:
    """Return the weight of each row: ``shares`` says how much each domain counts for each label; inside, big sources count by their root.

    The share of labelled packages is that of the wild files of the same language and label that they are added to. The mean of all other
    rows is 1, with them or without.
    """
    size = rows.groupby(["source", "ai", "cut"])["ai"].transform("size").to_numpy()
    weights = size**-0.5 * np.where(rows["cut"], 0.5, 1.0)
    weights *= np.where(rows["tool"] == NO_AI_POLICY, MODERN_WEIGHT, np.where(rows["tool"] == BEFORE_AGENTS, 1.2, 1.0))
    out = np.zeros(len(rows))
    for (domain, _), index in rows.groupby(["domain", "ai"]).indices.items():
        if domain != LABELLED:
            out[index] = weights[index] / weights[index].sum() * shares.get(str(domain), 0.0)
    labelled = (rows["domain"] == LABELLED).to_numpy()
    out /= out[~labelled].mean()
    if shares.get(LABELLED) and labelled.any():
        _add_labelled(rows, weights, out, shares[LABELLED])
    return out


def _add_labelled(rows: pd.DataFrame, weights: NDArray[np.float64], out: NDArray[np.float64], share: float) -> None:
    """Weigh the rows of labelled packages in ``out``. No language becomes more or less of AI by them: where there are more files of one label,
    those of the other count for more."""
    ai, labelled, wild = rows["ai"].to_numpy(), (rows["domain"] == LABELLED).to_numpy(), (rows["domain"] == "wild").to_numpy()
    for index in rows[labelled | wild].groupby("language").indices.values():
        mine = np.flatnonzero(labelled | wild)[index]
        grown = {}
        for label in (True, False):
            own, added = mine[(ai[mine] == label) & wild[mine]], mine[(ai[mine] == label) & labelled[mine]]
            enough = rows["source"].iloc[added].nunique() >= FEWEST_OWNERS and len(own) > 0
            if enough:
                out[added] = weights[added] / weights[added].sum() * share * out[own].sum()
            grown[label] = 1 + share * enough
        for label, factor in grown.items():
            out[mine[ai[mine] == label]] *= max(grown.values()) / factor


def modern(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return the mask of wild human rows written after September 2022: those a model must not take for machine code by their year."""
    recent = rows["tool"].isin([NO_AI_POLICY, BEFORE_AGENTS])
    return np.asarray((rows["domain"] == "wild") & ~rows["ai"] & recent)


def family_ids(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return each row's place in ``FAMILIES``; ``len(FAMILIES)`` for every other author."""
    places = {name: number for number, name in enumerate(FAMILIES)}
    return np.array([places.get(str(name), len(FAMILIES)) for name in rows["family"]], dtype=np.int64)


def cut_text(text: str, rng: np.random.Generator, bounds: tuple[int, int] = CUT_CHARACTERS) -> str:
    """Return a random run of whole lines of ``text``, its length drawn evenly on a log scale between ``bounds`` (at most 70 % of the text)."""
    lines = text.split("\n")
    ends = np.cumsum([len(line) + 1 for line in lines])
    length = int(np.exp(rng.uniform(np.log(bounds[0]), np.log(min(bounds[1], 0.7 * len(text))))))
    start = int(rng.integers(0, len(text) - length))
    first = int(np.searchsorted(ends, start, side="right"))
    last = int(np.searchsorted(ends, start + length)) + 1
    return "\n".join(lines[first:last]).strip("\n")


def _thinned(rows: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.bool_]:
    machine = (rows["domain"] == "benchmark") & rows["ai"]
    order = pd.Series(rng.random(len(rows)), index=rows.index)[machine]
    chosen = rows[machine]
    by_model = order.groupby([chosen["source"], chosen["generator"], chosen["language"]]).rank()
    by_source = order.groupby(chosen["source"]).rank()
    keep = np.ones(len(rows), dtype=np.bool_)
    keep[machine.to_numpy()] = ((by_model <= BENCHMARK_ROWS_A_MODEL) & (by_source <= BENCHMARK_ROWS_A_SOURCE)).to_numpy()
    return keep


def _cuts(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    whole = rows["domain"].isin(["wild", LABELLED]) | ((rows["domain"] == "package") & (rows["quality"] == "file"))
    long = rows[whole & (rows["text"].str.len() >= SHORTEST_TO_CUT)]
    cuts = long.assign(cut=True, text=[cut_text(text, rng) for text in long["text"]])
    return cuts[cuts["text"].str.len() >= CUT_CHARACTERS[0] // 2]
