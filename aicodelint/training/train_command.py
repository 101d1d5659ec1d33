"""What ``aicodelint train`` does once its options are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aicodelint.errors import UsageError
from aicodelint.training.embeddings import default_cache_directory
from aicodelint.training.heads import HeadRecipe, HeadShape
from aicodelint.training.parameter_ranges import check_finite, check_share
from aicodelint.training.progress import ProgressLine
from aicodelint.training.sample_language import sample_language
from aicodelint.training.tables import Columns, read_samples
from aicodelint.training.text_encoder import open_text_encoder
from aicodelint.training.train_run import run_training, training_key
from aicodelint.training.user_bundle import TrainingPlan, labelled_rows

_NOTHING_HELD_OUT = "nothing could be held out (too few rows or groups): the threshold is not calibrated, and no figure says how good the bundle is"


def train(paths: tuple[Path, ...], output: Path, given: Mapping[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Train on the tables at ``paths`` with the options ``given`` and write the bundle to ``output``; return the metrics."""
    _check_revision(given["encoder"], given["revision"])
    plan = plan_of(given)
    check_finite("learning rate of fine-tuning", given["fine_tune_learning_rate"])
    columns = Columns(code=given["code_column"], label=given["label_column"], group=given["group_column"], language=given["language_column"])
    samples = [replace(sample, language=sample_language(sample)) for sample in read_samples(paths, columns)]
    data = labelled_rows(samples, given["human"], given["only"])
    _make_directory(output)
    if data.ai_or_human:
        say("labels 0 and 1 alone are taken as human and AI; no family is trained")
    say(f"{len(data.code):,} rows: {int(data.human.sum()):,} human, {len(data.families)} families ({', '.join(data.families)})")
    if data.skipped:
        say(f"{data.skipped:,} rows without code are left out")
    # What will be trained is trained in fp32; an int8 copy of it as it is would be of no use.
    dtype = "fp32" if given["fine_tune"] and given["dtype"] == "auto" else given["dtype"]
    encoder = open_text_encoder(given["encoder"], given["revision"], device=given["device"], dtype=dtype, download=given["download"], say=say)
    notes: tuple[str, ...] = ()
    if given["fine_tune"]:
        from aicodelint.training.fine_tune import NOTE, FineTuning, fine_tune

        recipe = FineTuning(given["fine_tune_epochs"], given["fine_tune_learning_rate"], given["batch_size"], given["seed"])
        encoder = fine_tune(data, encoder, output, recipe=recipe, key=training_key(data, encoder.fingerprint, recipe), say=say)
        notes = (NOTE,)
    with ProgressLine("Embedding", not given["quiet"]) as progress:
        cache = given["cache_dir"] or default_cache_directory()
        metrics = run_training(data, encoder, plan, output, cache=cache, progress=progress, say=say, notes=notes)
    for line in summary(metrics):
        say(line)
    say(f"wrote {output}: aicodelint scan --model {output}")
    return metrics


def _check_revision(encoder: str | None, revision: str | None) -> None:
    if revision is not None and (encoder is None or Path(encoder).expanduser().is_dir()):
        raise UsageError("--revision is of a hub model: name one with --encoder, or leave --revision out")


def _make_directory(output: Path) -> None:
    """Make ``output``, so that a place where nothing can be written is told before the training and not after it."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".aicodelint-", dir=output), TemporaryDirectory(prefix=".aicodelint-", dir=output.parent):
            pass
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror or error}") from None


def plan_of(given: Mapping[str, Any]) -> TrainingPlan:
    """Return the plan that the options describe; raise ``ParameterError`` for a value that none can have."""
    recipe = HeadRecipe(
        max_epochs=given["epochs"],
        learning_rate=given["learning_rate"],
        batch_size=given["batch_size"],
        weight_decay=given["weight_decay"],
        warmup=given["warmup"],
        loss=given["loss"],
        label_smoothing=given["label_smoothing"],
        class_weight=given["class_weight"],
        patience=given["patience"],
        seed=given["seed"],
    )
    check_share("validation fraction", given["validation_fraction"])
    shape = HeadShape(given["width"], given["depth"], given["dropout"], given["layer_norm"])
    return TrainingPlan(shape, recipe, given["validation_fraction"], given["only"])


def summary(metrics: Mapping[str, Any]) -> list[str]:
    """Return the lines that tell how good the bundle is, on rows that its models had not seen."""
    lines = []
    ai, family = metrics.get("ai", {}), metrics.get("family", {})
    for what, side in (("AI or human", ai), ("families", family)):
        if side and not side["judged_rows"]:
            lines.append(f"{what}: {_NOTHING_HELD_OUT}")
    if ai.get("judged_rows"):
        flagged = f"{ai['true_positive_rate']:.1%} of AI and {ai['false_positive_rate']:.1%} of human rows are flagged at {ai['threshold']}"
        lines.append(f"AI or human, out of fold: AUC {ai['auc']:.3f}; {flagged}")
    if family.get("judged_rows"):
        named = f"; {family['named']:.0%} are named, {family['precision_of_named']:.1%} of them rightly" if family["named"] else ""
        lines.append(f"families, out of fold: macro-F1 {family['macro_f1']:.3f}{named}")
    return lines
