"""Cross-validation of what ``aicodelint train`` would make of a table: bundles that have not seen a fold judge it, as a scan would."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aicodelint.engine.in_process import InProcessEngine
from aicodelint.errors import UsageError
from aicodelint.finding import Verdict
from aicodelint.model import Model
from aicodelint.training.embeddings import default_cache_directory
from aicodelint.training.evaluate_rows import LabelMeaning
from aicodelint.training.heads import HeadRecipe
from aicodelint.training.out_of_fold import assign_folds
from aicodelint.training.predict_table import judged_samples
from aicodelint.training.progress import ProgressLine
from aicodelint.training.tables import Sample
from aicodelint.training.text_encoder import AnyTextEncoder, open_text_encoder
from aicodelint.training.train_run import run_training
from aicodelint.training.user_bundle import TrainingPlan, labelled_rows

GROUP, SOURCE, RANDOM = "group", "source", "random"


@dataclass(frozen=True, slots=True)
class FoldPlan:
    """How to cut the rows, and on which encoder (a bundle's directory; None: the one that ships) heads are trained."""

    kind: str
    folds: int = 5
    encoder: Path | None = None
    device: str = "auto"
    jobs: int | None = None
    seed: int = 0
    epochs: int = 30
    quiet: bool = False


def cross_validated(
    samples: Sequence[Sample], meaning: LabelMeaning, plan: FoldPlan, say: Callable[[str], None]
) -> Iterator[tuple[Sample, Verdict, Model]]:
    """Yield every sample with the verdict of a bundle that was trained without its fold, and that bundle's model; raise ``UsageError``."""
    ready = [replace(sample, label=meaning[str(sample.label)], group=_group(sample, plan.kind)) for sample in samples]
    groups = fold_groups(ready, plan.kind)
    _, labels = np.unique([str(sample.label) for sample in ready], return_inverse=True)
    folds = assign_folds(labels.astype(np.int64), groups, plan.seed, plan.folds)
    numbers = np.unique(folds)
    if len(numbers) < 2:
        raise UsageError(f"cross-validation needs at least two of them: every row is of one {plan.kind}")
    encoder = open_text_encoder(plan.encoder, None, device=plan.device, dtype="auto", download=False)
    for count, fold in enumerate(numbers, 1):
        say(f"fold {count} of {len(numbers)}: training without {int((folds == fold).sum()):,} rows")
        kept = [sample for sample, other in zip(ready, folds, strict=True) if other != fold]
        held = [sample for sample, other in zip(samples, folds, strict=True) if other == fold]
        with tempfile.TemporaryDirectory(prefix="aicodelint-fold-", ignore_cleanup_errors=True) as folder:
            engine = _trained(kept, encoder, plan, Path(folder) / "bundle")
            try:
                yield from ((sample, verdict, engine.model) for sample, verdict in judged_samples(held, engine))
            finally:
                engine.close()


def fold_groups(samples: Sequence[Sample], kind: str) -> list[str] | None:
    """Return what must stay together, a name a row; None for random folds. Raise ``UsageError`` where the table does not tell."""
    if kind == RANDOM:
        return None
    if not any(sample.group for sample in samples):
        raise UsageError(
            f"--cross-validate {kind} needs a {kind} column (see --{kind}-column); without one only random folds are left, "
            "which mean little and have to be asked for by name: --cross-validate random"
        )
    return [sample.group or f"row {number}" for number, sample in enumerate(samples)]


def _group(sample: Sample, kind: str) -> str | None:
    return {GROUP: sample.group, SOURCE: sample.source, RANDOM: None}[kind]


def _trained(samples: Sequence[Sample], encoder: AnyTextEncoder, plan: FoldPlan, output: Path) -> InProcessEngine:
    data = labelled_rows(samples, None, None)
    recipe = HeadRecipe(max_epochs=plan.epochs, seed=plan.seed)
    with ProgressLine("Embedding", not plan.quiet) as progress:
        run_training(data, encoder, TrainingPlan(recipe=recipe), output, cache=default_cache_directory(), progress=progress)
    return InProcessEngine.open(output, encoder.device, plan.jobs)
