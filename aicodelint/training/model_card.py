"""The model card of the default bundle: every figure in it comes from the run that made the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aicodelint.rules import FAMILIES
from aicodelint.training.calibration import GATE_RECALL
from aicodelint.training.evaluation import FEWEST_FILES
from aicodelint.training.human_rows import NO_AI_POLICY
from aicodelint.training.splits import HELD_OUT, LABELLED_PACKAGES

_CARD = """# {name}

The default bundle of aicodelint: says how likely a source file is AI-generated, and which of {families} model families probably wrote
it.

## What it is made of

- **Gate and first witness**: boosted trees over cheap features of layout, comments, names and code (`gate.onnx`); small networks over
  the same features tell the families apart (`families.safetensors`).
- **Second witness**: linear models over hashed n-grams of the text, its shape, its tokens and its comments (`ngrams.safetensors`).
- **Third witness**: a T5 encoder in the CodeT5 mould, trained from scratch on these data, with linear heads on its mean embedding
  (`encoder.onnx` in int8 for CPUs, `encoder.safetensors` in fp16 for `transformers`, `head.safetensors`, `tokenizer.json`). It counts
  as far as a text is a snippet, and is asked where its answer could make or break a finding at the threshold.
- **Combination** (`stack.json`): a text's kind, wild file or snippet, mixes two. Of a wild file all witnesses but the encoder count
  alike; of a snippet their weights are fitted, and its length counts too. A short text gets a weaker verdict, by design.

{sizes}

## How it was made

    python -m aicodelint.training.labelled_packages --table train.parquet --output work/packages.parquet
    python -m aicodelint.training.default_bundle train.parquet --packages work/packages.parquet --work work/ --output models/default

Leading licence headers are removed, at training and at scanning time. Rows are weighed by domain (files of real repositories first),
by the root of their source's size, and modern human files of projects that forbid AI contributions count twice. Every witness is
measured on rows of sources that it was not trained on: repositories and packages are left out whole, benchmarks by owner, SemEval rows
by their own fold, and rows of held-out problems are dropped from training. Final trees and n-grams are trained on everything; the
encoder is the one that was measured, and has not seen fold {held_out}.

## Data

{data}

Third-party data; none of it is in this repository. Wild labels come from what commits declare.

{group} are random ones of PyPI and npm, pinned in `aicodelint/training/labelled_packages.csv`: AI where a package begun since March
2025 holds notes for AI agents (CLAUDE.md, AGENTS.md, .cursor/ and the like), human where the release is from before agents wrote files
whole. Such labels are weaker than what a commit declares, so the trees and n-grams for files of repositories learn from them, beside the
wild files and at half their weight; three figures of their own tell what becomes of such packages out of fold. Packages, owners and texts
that stand in the labelled table are left out, so that no fold knows another's repositories by them.

## Figures

`full` is the bundle with the encoder asked of every text, on fold {held_out}, which the encoder has not seen. `cheap` is the same without the
encoder: on the same rows, and on all rows out of fold. AUCs compare AI files with human files of the kind that is named; "found at 1 %"
is the share of AI files above the score that 1 % of the human files reach.

{figures}

The gate lets {gate_recall} of AI files pass and stops {stopped}.

Thresholds (AI {ai:.4f}; {family}) are set on the
same out-of-fold scores that the figures are computed on, so the rates at the threshold are those of the data, not a promise. Fold
{held_out} has {modern} files of projects that forbid AI: a rate of 1 % there is {one_percent} files, with the uncertainty that this implies.

Read them as somewhat optimistic: views, weights and shares were chosen by looking at these out-of-fold scores, the pooled figures mix models
of five folds, and no untouched rows are left here. The encoder was not pre-trained; it has learnt from
{encoder}.
Compare `full` with `cheap on the same rows` for what it adds. On wild files it is not counted.

## Known failures

- Short files and some languages, without the encoder, over all folds. "Found at 1 %" is at the score that 1 % of all human files of
  repositories reach; a dash stands for fewer than {fewest} files.

{breakdown}

- The family: see "named right" and "share named" above; most findings name none. Authors outside the families count as wrong when a
  family is named.
- Old is easier than modern: compare the AUC against older human files with that against modern ones.
- Small packages by nobody in particular are flagged more often than known projects: compare "flagged random packages" with "flagged packages".
- Languages with few machine files in the wild (Scala, Julia, C) are judged by what the others taught.

## What not to use it for

Not as evidence against a person: not for grading, hiring, or enforcing a policy without a human who reads the file and asks its
author.
"""
_ORDER = ("full", "cheap on the same rows", "cheap")


@dataclass(frozen=True, slots=True)
class EncoderRound:
    """How long the encoder trained, in tokens and seconds, and what it mostly saw."""

    mostly: str
    tokens: int
    seconds: float


def model_card(
    name: str,
    rows: pd.DataFrame,
    report: Mapping[str, Any],
    sizes: Mapping[str, int],
    thresholds: Mapping[str, Any],
    *,
    rounds: Sequence[EncoderRound],
) -> str:
    """Return the card in Markdown for the report of ``training.witnesses`` and the bundle's files by size in bytes."""
    modern = int(((rows["tool"] == NO_AI_POLICY) & (rows["split"] == HELD_OUT) & ~rows["cut"]).sum())
    stopped = ", ".join(f"{share:.0%} of human {kind} files" for kind, share in report["gate"]["human files stopped"].items())
    return _CARD.format(
        name=name,
        families=len(FAMILIES),
        sizes=_table(("file", "MB"), [(file, f"{size / 1e6:.2f}") for file, size in sorted(sizes.items())]),
        group=f'"{LABELLED_PACKAGES.capitalize()}"',
        data=_table(("source", "rows", "of them AI", "licences"), _sources(rows)),
        figures=_figures(report),
        gate_recall=f"{GATE_RECALL:.0%}",
        encoder=", then ".join(f"{each.tokens / 1e6:.1f} million tokens, mostly {each.mostly} ({each.seconds / 60:.0f} minutes)" for each in rounds),
        stopped=stopped,
        ai=thresholds["ai"],
        family=_named(thresholds["family"]),
        modern=modern,
        held_out=HELD_OUT,
        one_percent=max(1, modern // 100),
        fewest=FEWEST_FILES,
        breakdown=_breakdown(report["wild files"]),
    )


def _named(thresholds: Mapping[str, float]) -> str:
    """Return from which confidence on the families are named that ever are."""
    limits = ", ".join(f"{name} {limit:.4f}" for name, limit in thresholds.items() if limit < 1)
    return f"families {limits}, the others are never named" if limits else "no family is ever named"


def _figures(report: Mapping[str, Any]) -> str:
    columns = [column for column in _ORDER if column in report]
    names = dict.fromkeys(name for column in columns for name in report[column]["figures"])
    lines = [(name, *(report[column]["figures"].get(name) for column in columns)) for name in names]
    return _table(("figure", *columns), [(name, *("-" if value is None else f"{value:.3f}" for value in values)) for name, *values in lines])


def _breakdown(found: Mapping[str, Mapping[str, tuple[float | None, ...]]]) -> str:
    header = ("files of repositories", "by AI", "found at 1 %", "found at the threshold", "by people", "flagged")
    body: list[tuple[str, ...]] = []
    for kind in ("length", "language"):
        for name, (ai, strict, at_threshold, human, flagged) in found[kind].items():
            what = f"{name} characters" if kind == "length" else name
            body.append((what, str(ai), _percent(strict), _percent(at_threshold), str(human), _percent(flagged)))
    return _table(header, body)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _sources(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    whole = rows[~rows["cut"]]
    found = []
    for group, part in whole.groupby("group", sort=False):
        # Packages are told as "per package (…): NAME": what stands before the name says enough.
        licences = ", ".join(sorted({str(licence).split(": ")[0] for licence in part["license"].dropna() if licence}))
        found.append((str(group), len(part), int(part["ai"].sum()), licences))
    return [(group, str(size), str(ai), licences) for group, size, ai, licences in sorted(found, key=lambda row: -row[1])]


def _table(header: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
