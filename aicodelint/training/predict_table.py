"""A table of snippets in, the same ids with labels and probabilities out, a batch at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aicodelint.engine.select import open_engine
from aicodelint.errors import UsageError
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model
from aicodelint.rules import FAMILIES, HUMAN, TEN_FAMILIES
from aicodelint.training.labels import AI, named, reserved_names
from aicodelint.training.progress import ProgressLine
from aicodelint.training.sample_language import sample_language
from aicodelint.training.table_writer import TableWriter
from aicodelint.training.tables import Columns, Sample, is_read, read_samples

BATCH_ROWS = 256
NO_FAMILY_LABEL = -1
"""The label of a row that is AI and of no known family: the gate let it go, so that no family was looked for."""


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
    paths = tuple(paths)
    if is_read(output, paths):
        raise UsageError(f"{output} is one of the files that are read: choose another --output")
    engine = open_engine("in-process", model_dir, device, jobs, cache=False)
    try:
        families = label_families(engine.model)
        kinds: dict[str, type] = {"id": str, "label": int}
        if not labels_only:
            if reserved := reserved_names(families):
                raise UsageError(f"the bundle has a family called {named(reserved)}, as a column of the table is: --labels-only writes no families")
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


def label_ids(families: tuple[str, ...]) -> tuple[int, ...]:
    """Return the label of each family: its id where the ids that ``train`` reads know all of them, else its place in the bundle, from 1 on."""
    known = set(families) <= set(FAMILIES)
    return tuple(FAMILIES.index(name) + 1 if known else place for place, name in enumerate(families, 1))


def prediction(number: str, verdict: Verdict, families: tuple[str, ...], threshold: float) -> dict[str, Any]:
    """Return one row: ``label`` 0 below the threshold, else the id of the likeliest family; the families' probabilities sum to 1.

    A text that the gate let go has no probabilities of families; from the threshold on it is of the bundle's only family, or of none that is known.
    """
    label, family, ids = 0, HUMAN, label_ids(families)
    row: dict[str, Any] = dict.fromkeys(families)
    if verdict.families is not None:
        shares = np.array(verdict.families[: len(families)], np.float64)
        shares = shares / shares.sum() if shares.sum() > 0 else np.full(len(families), 1 / len(families))
        row = {name: round(float(share), 4) for name, share in zip(families, shares, strict=True)}
    if verdict.p_ai >= threshold:
        place = 0 if len(families) == 1 else None if verdict.families is None else int(shares.argmax())
        label, family = (NO_FAMILY_LABEL, AI) if place is None else (ids[place], families[place])
    return row | {"id": number, "label": label, "family": family, "p_ai": verdict.p_ai}


def judged_samples(samples: Iterable[Sample], engine: Any) -> Iterator[tuple[Sample, Verdict]]:
    """Yield each sample with its verdict; only the samples that the engine has under way are held."""
    under_way: deque[Sample] = deque()

    def snippets() -> Iterator[Snippet]:
        for sample in samples:
            under_way.append(sample)
            yield Snippet(sample.code, sample_language(sample))

    for verdict in engine.judge(snippets()):
        yield under_way.popleft(), verdict
