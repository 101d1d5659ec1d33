"""Which family wrote it: a head on the shipped encoder against a random forest on 36 features, character n-grams, and the ensemble.

    python tests/benchmarks/families.py --data train.parquet [--encoder BUNDLE] [--fp32] [--folds 5] [--out FILE.json] [--cache-dir DIR]

AI rows of the official trial data of SemEval-2026 Task 13 (the one in-domain set for the ten families) by their own ``fold`` column; a problem
never stands on both sides. Macro-F1 over the ten families, over all rows as judged out of fold. The encoder must not have seen the rows that
are judged either: the shipped one was trained without fold 1, so ``--judged-fold 1`` is the honest figure. A bundle's encoder runs in int8 as in
a scan on a CPU; ``--fp32`` takes its ``encoder.safetensors`` instead, as on a GPU. Needs the ``train`` extra.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.encoder_torch import TorchEncoder
from aicodelint.detection.hub_torch import EncoderPlace
from aicodelint.rules import TEN_FAMILIES
from aicodelint.training.embeddings import default_cache_directory, embed
from aicodelint.training.factory import ForestFamilyClassifier
from aicodelint.training.head_training import head_logits, softmax, train_head
from aicodelint.training.heads import HeadRecipe, HeadShape
from aicodelint.training.progress import ProgressLine
from aicodelint.training.splits import SEMEVAL
from aicodelint.training.text_encoder import TorchTextEncoder, open_text_encoder


def out_of_fold(folds: np.ndarray, problems: np.ndarray, judged: list[int], judge: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Return what ``judge(rows to train on, rows to judge)`` says of each row of the folds ``judged``; neither it nor its problem was trained on."""
    found = np.full((len(folds), len(TEN_FAMILIES)), np.nan)
    for fold in judged:
        test = folds == fold
        shared = np.isin(problems, np.unique(problems[test & (problems != "")]))
        found[test] = judge(np.flatnonzero(~test & ~shared), np.flatnonzero(test))
    return found


def main() -> None:
    """Print the table."""
    options = _options()
    torch.set_num_threads(options.threads)
    rows = pd.read_parquet(options.data, columns=["code", "family", "source", "fold", "problem_id"])
    rows = rows[(rows["source"] == SEMEVAL) & rows["family"].isin(TEN_FAMILIES)].reset_index(drop=True)
    code = rows["code"].tolist()
    y = rows["family"].map(TEN_FAMILIES.index).to_numpy(np.int64)
    folds, problems = rows["fold"].to_numpy() % options.folds, rows["problem_id"].fillna("").to_numpy(str)
    judged = [options.judged_fold] if options.judged_fold is not None else np.unique(folds).tolist()
    said: dict[str, np.ndarray] = {}
    seconds: dict[str, float] = {}

    def timed(name: str, judge: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        begin = time.monotonic()
        said[name] = out_of_fold(folds, problems, judged, judge)
        seconds[name] = round(time.monotonic() - begin, 1)

    timed("random forest, 36 features", lambda train, test: _forest(code, y, train, test))
    timed("character n-grams", lambda train, test: _ngrams(code, y, train, test))
    encoder = _in_fp32(options.encoder or default_path()) if options.fp32 else open_text_encoder(options.encoder)
    with ProgressLine("Embedding") as progress:
        windows = embed(code, encoder, options.cache_dir, progress)
    recipe = HeadRecipe(max_epochs=60, batch_size=32, loss=options.loss, class_weight="sqrt", label_smoothing=0.1, patience=10)

    def head(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        found = np.zeros((len(test), len(TEN_FAMILIES)))
        for seed in range(options.seeds):
            seeded = replace(recipe, seed=seed)
            fitted = train_head(windows.of_texts(train), y[train], len(TEN_FAMILIES), shape=HeadShape(), recipe=seeded)
            found += softmax(head_logits(fitted.head, windows.of_texts(test)))
        return found / options.seeds

    timed(f"head on {encoder.name}", head)
    names = list(said)
    said["ensemble of head and forest"] = (said[names[2]] + said[names[0]]) / 2
    said["ensemble of all three"] = (said[names[2]] + said[names[0]] + said[names[1]]) / 3
    table = {name: _figures(y, probabilities) | {"seconds": seconds.get(name)} for name, probabilities in said.items()}
    print(f"{int(np.isin(folds, judged).sum()):,} AI rows judged, of {len(y):,} in {options.folds} folds\n{'':36} macro-F1  accuracy")
    for name, figures in table.items():
        print(f"{name[-36:]:36} {figures['macro_f1']:8.3f}  {figures['accuracy']:8.3f}")
    if options.out:
        options.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _in_fp32(path: Path) -> TorchTextEncoder:
    bundle, place = Bundle.open(path), EncoderPlace(path)
    bundle.verify()
    return TorchTextEncoder(place, TorchEncoder.load(place, "cpu", "fp32"), bundle.window_tokens, bundle)


def _forest(code: list[str], y: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    forest = ForestFamilyClassifier().fit([code[place] for place in train], y[train] + 1)
    return _over_ten(forest.predict_proba([code[place] for place in test]), forest.classes_ - 1)


def _ngrams(code: list[str], y: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    hashed = HashingVectorizer(analyzer="char", ngram_range=(2, 4), n_features=2**18, alternate_sign=False)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=60)
    model.fit(hashed.transform([code[place] for place in train]), y[train])
    return _over_ten(model.predict_proba(hashed.transform([code[place] for place in test])), model.classes_)


def _over_ten(probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    found = np.zeros((len(probabilities), len(TEN_FAMILIES)))
    found[:, classes] = probabilities
    return found


def _figures(y: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    seen = ~np.isnan(probabilities).any(1)
    guess, y = probabilities[seen].argmax(1), y[seen]
    labels = np.unique(y)
    each = f1_score(y, guess, average=None, labels=labels, zero_division=0)
    families = {TEN_FAMILIES[label]: round(float(value), 3) for label, value in zip(labels, each, strict=True)}
    return {"macro_f1": round(float(each.mean()), 4), "accuracy": round(float(accuracy_score(y, guess)), 4), "f1": families}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, help="A bundle, a directory or a hub model. Default: the bundle that ships.")
    parser.add_argument("--fp32", action="store_true", help="The encoder of the bundle as torch has it, not its int8 graph.")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--judged-fold", type=int, help="Judge the rows of this fold alone. Default: every fold in turn.")
    parser.add_argument("--seeds", type=int, default=3, help="Heads whose probabilities are averaged.")
    parser.add_argument("--loss", default="cross-entropy", choices=["cross-entropy", "ldam"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cache-dir", type=Path, default=default_cache_directory())
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
