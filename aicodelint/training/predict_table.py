"""A table of snippets in, the same ids with labels and probabilities out, a batch at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aicodelint.engine.select import open_engine
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model
from aicodelint.rules import HUMAN, TEN_FAMILIES
from aicodelint.training.progress import ProgressLine
from aicodelint.training.sample_language import sample_language
from aicodelint.training.table_writer import TableWriter
from aicodelint.training.tables import Columns, Sample, read_samples

BATCH_ROWS = 256


def predict_table(
    paths: Iterable[Path],
    output: Path,
    *,
    model_dir: Path | None = None,
    columns: Mapping[str, str | None] | None = None,
    labels_only: bool = False,
    threshold: float | None = None,
    device: str = "auto",
    jobs: int | None = None,
    quiet: bool = False,
) -> int:
    """Judge every row of the tables at ``paths`` and write ``output``; return the number of rows. Raise ``AicodelintError`` where it cannot."""
    engine = open_engine("in-process", model_dir, device, jobs, cache=False)
    try:
        families = label_families(engine.model)
        kinds: dict[str, type] = {"id": str, "label": int}
        if not labels_only:
            kinds |= {"family": str, "p_ai": float} | dict.fromkeys(families, float)
        samples = read_samples(paths, Columns(**(columns or {})), labelled=False)
        limit = engine.model.thresholds.ai if threshold is None else threshold
        count = 0
        with TableWriter(output, kinds) as writer, ProgressLine("Judging", not quiet) as progress:
            batch: list[dict[str, Any]] = []
            for sample, verdict in judged_samples(samples, engine):
                row = prediction(sample.id, verdict, families, limit)
                batch.append({name: row[name] for name in kinds})
                count += 1
                if len(batch) == BATCH_ROWS:
                    writer.write(batch)
                    batch = []
                    progress(count, count)
            writer.write(batch)
        return count
    finally:
        engine.close()


def label_families(model: Model) -> tuple[str, ...]:
    """Return the families that labels from 1 on stand for: the ten of the research task where the bundle knows them, else the bundle's own."""
    ten = len(TEN_FAMILIES)
    return TEN_FAMILIES if model.families[:ten] == TEN_FAMILIES else model.families


def prediction(number: str, verdict: Verdict, families: tuple[str, ...], threshold: float) -> dict[str, Any]:
    """Return one row: ``label`` 0 below the threshold, else the id of the likeliest family; the families' probabilities sum to 1.

    A text that the gate let go has label 0 and no probabilities of families.
    """
    row: dict[str, Any] = {"id": number, "label": 0, "family": HUMAN, "p_ai": verdict.p_ai} | dict.fromkeys(families)
    if verdict.families is None:
        return row
    shares = np.array(verdict.families[: len(families)], np.float64)
    shares = shares / shares.sum() if shares.sum() > 0 else np.full(len(families), 1 / len(families))
    row |= {name: round(float(share), 4) for name, share in zip(families, shares, strict=True)}
    if verdict.p_ai >= threshold:
        place = int(shares.argmax())
        row |= {"label": place + 1, "family": families[place]}
    return row


def judged_samples(samples: Iterable[Sample], engine: Any) -> Iterator[tuple[Sample, Verdict]]:
    """Yield each sample with its verdict; only the samples that the engine has under way are held."""
    under_way: deque[Sample] = deque()

    def snippets() -> Iterator[Snippet]:
        for sample in samples:
            under_way.append(sample)
            yield Snippet(sample.code, sample_language(sample))

    for verdict in engine.judge(snippets()):
        yield under_way.popleft(), verdict
