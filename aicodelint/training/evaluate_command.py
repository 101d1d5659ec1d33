"""What ``aicodelint evaluate`` does once its options are read: survey the rows, refuse what would flatter, judge, and tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aicodelint import __version__
from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.engine.select import open_engine
from aicodelint.errors import UsageError
from aicodelint.finding import Verdict
from aicodelint.model import Model, Thresholds
from aicodelint.training.evaluate_figures import BY, figures, figures_by
from aicodelint.training.evaluate_rows import Judged, JudgedRows, LabelMeaning
from aicodelint.training.predict_table import judged_samples
from aicodelint.training.progress import ProgressLine
from aicodelint.training.sample_language import sample_language
from aicodelint.training.seen import TEXTS, SeenBefore
from aicodelint.training.tables import Columns, Sample, read_samples

SCHEMA_VERSION = 1
MOST_TEXTS_SEEN = 0.01
"""Beyond this share of rows whose very text was trained on, the rows are the bundle's own; below, it is chance: much-copied code."""
NAMES_SHOWN = 4
RANDOM_NOTE = (
    "random folds put rows of one source, even of one task, on both sides: these figures say how well a source is learnt by heart, "
    "and nothing of code from anywhere else"
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for. ``cross_validate`` is None to judge by the bundle as it is, else ``group``, ``source`` or ``random``."""

    paths: tuple[Path, ...]
    model_dir: Path | None = None
    columns: Columns = field(default_factory=Columns)
    human: str | None = None
    by: tuple[str, ...] = BY
    threshold: float | None = None
    family_threshold: float | None = None
    in_sample: bool = False
    cross_validate: str | None = None
    folds: int = 5
    epochs: int = 30
    seed: int = 0
    device: str = "auto"
    jobs: int | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look at all rows tells: how many there are, their labels, and how many the bundle has seen."""

    rows: int
    skipped: int
    meaning: LabelMeaning
    seen: SeenBefore


def evaluate(request: Request, say: Say = lambda message: None) -> dict[str, Any]:
    """Judge the rows and return the report, as plain values that JSON can hold; raise ``AicodelintError`` where that cannot be done."""
    bundle = Bundle.open(request.model_dir or default_path())
    survey = look_through(request, bundle)
    notes = _checked(survey, bundle, request)
    if request.cross_validate == "random":
        notes.append(RANDOM_NOTE)
        say(f"warning: {RANDOM_NOTE}")
    judged, model = _judge(request, survey, bundle, say)
    if survey.skipped:
        notes.append(f"{survey.skipped:,} rows without code are left out")
    if survey.meaning.binary:
        notes.append("the labels are 0 and 1: taken for human and AI, without families")
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "aicodelint", "version": __version__, "model": model.name, "model_fingerprint": model.fingerprint},
        "method": _method(request),
        "thresholds": {"ai": model.thresholds.ai, "family": model.thresholds.family},
        "notes": notes,
        "figures": figures(judged, request.seed),
    }
    return document | {"by": {kind: table for kind in request.by if (table := figures_by(judged, kind))}}


def look_through(request: Request, bundle: Bundle) -> Survey:
    """Read every row once, keeping none; raise ``UsageError`` for a table that cannot be read or holds no labelled code."""
    labels: Counter[str] = Counter()
    seen = SeenBefore(bundle.manifest)
    skipped = 0
    for sample in read_samples(request.paths, request.columns):
        if not sample.code.strip():
            skipped += 1
            continue
        labels[str(sample.label)] += 1
        seen.add(sample.code, sample.source, sample.group)
    if not labels:
        raise UsageError("there is no code to judge")
    return Survey(labels.total(), skipped, LabelMeaning(labels, request.human), seen)


def _checked(survey: Survey, bundle: Bundle, request: Request) -> list[str]:
    """Return what must be said beside the figures; raise ``UsageError`` for rows that the bundle was trained on, unless that is asked for."""
    seen, notes = survey.seen, []
    of_sources = sum(seen.source_rows.values())
    told = ""
    if of_sources:
        names = sorted(seen.source_rows, key=lambda name: (-seen.source_rows[name], name))
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        told = (
            f"{of_sources:,} of {survey.rows:,} rows are of sources that {bundle.model.name} was trained on ({', '.join(names[:NAMES_SHOWN])}{more})"
        )
    elif seen.text_share > MOST_TEXTS_SEEN:
        told = f"about {seen.text_share:.0%} of the rows are texts that {bundle.model.name} was trained on"
    if told and not request.in_sample:
        raise UsageError(f"{told}: its figures on them say nothing of new code; leave them out, or give --in-sample to see them all the same")
    if told:
        notes.append(f"{told}: these figures say nothing of new code")
    elif not seen.known:
        notes.append(f"{bundle.model.name} does not record what it was trained on: that it has not seen these rows is yours to know")
    elif seen.text_hits:
        notes.append(f"{seen.text_hits} or more texts, of some {TEXTS:,} that are looked for, were trained on: too few to matter")
    return notes


def _judge(request: Request, survey: Survey, bundle: Bundle, say: Say) -> tuple[Judged, Model]:
    """Return the verdicts, and the model whose name and thresholds stand in the report."""
    rows = JudgedRows(survey.meaning)
    model = _with_thresholds(bundle.model, request)
    with ProgressLine("Judging", not request.quiet) as progress:
        for sample, verdict, judge in _verdicts(request, survey, bundle, say):
            rows.add(sample, sample_language(sample), verdict, _with_thresholds(judge, request))
            progress(len(rows), survey.rows)
    return rows.finish(), model


def _verdicts(request: Request, survey: Survey, bundle: Bundle, say: Say) -> Iterator[tuple[Sample, Verdict, Model]]:
    samples = (sample for sample in read_samples(request.paths, request.columns) if sample.code.strip())
    if request.cross_validate is not None:
        from aicodelint.training.evaluate_folds import FoldPlan, cross_validated

        plan = FoldPlan(
            kind=request.cross_validate,
            folds=request.folds,
            encoder=request.model_dir,
            device=request.device,
            jobs=request.jobs,
            seed=request.seed,
            epochs=request.epochs,
            quiet=request.quiet,
        )
        yield from cross_validated([replace(sample, language=sample_language(sample)) for sample in samples], survey.meaning, plan, say)
        return
    engine = open_engine("in-process", request.model_dir, request.device, request.jobs, cache=False)
    try:
        yield from ((sample, verdict, bundle.model) for sample, verdict in judged_samples(samples, engine))
    finally:
        engine.close()


def _with_thresholds(model: Model, request: Request) -> Model:
    limits = model.thresholds
    ai = limits.ai if request.threshold is None else request.threshold
    family = limits.family if request.family_threshold is None else request.family_threshold
    return model if (ai, family) == (limits.ai, limits.family) else replace(model, thresholds=Thresholds(ai, min(limits.human, ai), family))


def _method(request: Request) -> str:
    if request.cross_validate is None:
        return "the bundle as it is"
    return f"heads trained on its encoder, {request.folds} folds by {request.cross_validate}, each with thresholds of its own"


def by_kinds(words: str) -> tuple[str, ...]:
    """Return the kinds that a comma-separated list names; raise ``UsageError`` for another."""
    kinds = tuple(word.strip() for word in words.split(",") if word.strip())
    wrong = [kind for kind in kinds if kind not in BY]
    if wrong:
        raise UsageError(f"--by knows {', '.join(BY)}; not {', '.join(map(repr, wrong))}")
    return tuple(dict.fromkeys(kinds))
