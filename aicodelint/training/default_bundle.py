"""One resumable command from the labelled rows to the bundle that ships.

    python -m aicodelint.training.labelled_packages --table DATA --output WORK/packages.parquet
    python -m aicodelint.training.default_bundle DATA --packages WORK/packages.parquet --work WORK --output models/default

The encoder trains on all folds but one, for ``--encoder-seconds`` mostly on files of the wild and then for ``--snippet-seconds`` mostly on
snippets; trees and n-grams are trained out of fold and then on everything; the combination, the calibration and the thresholds come from rows
that the witness in question has not seen. What is done is kept in WORK and not done again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from aicodelint.detection.bundle import Bundle
from aicodelint.detection.family_networks import FAMILY_NETWORKS_FILE
from aicodelint.detection.gate import GATE_FILE
from aicodelint.detection.open_detector import STACKED
from aicodelint.rules import FAMILIES, HUMAN
from aicodelint.training.bundle_writer import write_bundle
from aicodelint.training.dataset import load_rows
from aicodelint.training.encoder_loop import PROGRESS_FILE, Recipe
from aicodelint.training.encoder_run import export_parts, second_round, train_encoder
from aicodelint.training.encoder_scores import score_rows
from aicodelint.training.model_card import EncoderRound, model_card
from aicodelint.training.seen import seen_record
from aicodelint.training.splits import HELD_OUT
from aicodelint.training.witnesses import train_witnesses

NAME = "aicodelint-6"
WINDOW_TOKENS = 256
"""Half of what the encoder takes: attention costs less, regions are finer, and the figures are the same."""
MINIMUM_TOKENS = 48
HUMAN_BELOW = 0.5
ENCODER_FILES = ("tokenizer.json", "encoder.onnx", "encoder.safetensors", "config.json", "head.safetensors")
WITNESS_FILES = (GATE_FILE, FAMILY_NETWORKS_FILE, "ngrams.safetensors", "stack.json")


def make_default_bundle(data: Path, packages: Path | None, work: Path, output: Path, *, encoder_seconds: float, snippet_seconds: float) -> Bundle:
    """Train what is not trained yet and write the bundle to ``output``; return it. ``packages``: a table of ``labelled_packages``."""
    first, encoder, witnesses = work / "encoder", work / "encoder-snippets", work / "witnesses"
    if not (first / "encoder.onnx").exists():
        export_parts(train_encoder(pd.read_parquet(data), first, Recipe(seconds=encoder_seconds), HELD_OUT), first)
    if not (encoder / "encoder.onnx").exists():
        recipe = second_round(Recipe(seconds=snippet_seconds))
        export_parts(train_encoder(pd.read_parquet(data), encoder, recipe, HELD_OUT, start=first, aim="snippets"), encoder)
    rows = load_rows(data, packages)
    unseen = rows[(rows["split"] == HELD_OUT) & ~rows["cut"]]
    scores = score_rows(unseen, encoder, work / "encoder_scores.parquet", WINDOW_TOKENS)
    report = train_witnesses(data, witnesses, witnesses / "out", scores, packages)
    files = {name: (encoder / name).read_bytes() for name in ENCODER_FILES}
    files |= {name: (witnesses / "out" / name).read_bytes() for name in WITNESS_FILES}
    rounds = [_round(first, "files of repositories"), _round(encoder, "snippets")]
    sizes = {name: len(content) for name, content in files.items()}
    manifest = _manifest(rows, report)
    files["MODEL_CARD.md"] = model_card(NAME, rows, report, sizes, manifest["thresholds"], rounds=rounds).encode()
    return write_bundle(output, manifest, files)


def _round(folder: Path, mostly: str) -> EncoderRound:
    progress = json.loads((folder / PROGRESS_FILE).read_text(encoding="utf-8"))
    return EncoderRound(mostly, progress["tokens"], progress["seconds"])


def _manifest(rows: pd.DataFrame, report: dict[str, Any]) -> dict[str, Any]:
    ai, family = report["ai_threshold"], report["family_thresholds"]
    return {
        "name": NAME,
        "kind": STACKED,
        "labels": [HUMAN, *FAMILIES],
        "window_tokens": WINDOW_TOKENS,
        "minimum_tokens": MINIMUM_TOKENS,
        "thresholds": {
            "gate": report["gate"]["threshold"],
            "human": min(HUMAN_BELOW, ai),
            "ai": ai,
            "family": family,
        },
        "training": {
            "sources": sorted(set(rows["group"])),
            "rows": len(rows),
            "encoder held out": f"fold {HELD_OUT}",
            "seen": seen_record(rows["source"], rows["text"][~rows["cut"]]),
        },
        "evaluation": report,
    }


def main() -> None:
    """Read the command line and do it all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--packages", type=Path, help="a table made by training.labelled_packages, for the trees and n-grams to learn from too")
    parser.add_argument("--work", type=Path, required=True, help="where unfinished and finished steps are kept")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--encoder-seconds", type=float, default=4900, help="time to spend on the encoder, over all runs of the command")
    parser.add_argument("--snippet-seconds", type=float, default=3000, help="time to spend on its second round, likewise")
    arguments = parser.parse_args()
    bundle = make_default_bundle(
        arguments.data,
        arguments.packages,
        arguments.work,
        arguments.output,
        encoder_seconds=arguments.encoder_seconds,
        snippet_seconds=arguments.snippet_seconds,
    )
    print(f"{bundle.path}: {bundle.model.name}, fingerprint {bundle.model.fingerprint}")


if __name__ == "__main__":
    main()
