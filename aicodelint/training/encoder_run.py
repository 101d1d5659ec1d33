"""One command from labelled rows to the encoder files of a bundle: ``python -m aicodelint.training.encoder_run DATA FOLDER --seconds 4500``.

Tokenizer, token shards, first embeddings, training, export: each step is kept in FOLDER and skipped when it is there, so that the command
can be killed and given again. Fold ``--held-out`` (``training.splits``) is not trained on: the stack and the figures come from there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score

from aicodelint.detection.tokenizer import CodeTokenizer
from aicodelint.errors import UsageError
from aicodelint.rules import HUMAN
from aicodelint.training.cooccurrence import cooccurrence_embeddings
from aicodelint.training.encoder import DetectorModel, EncoderSize
from aicodelint.training.encoder_data import SHARES, Shards, WindowSampler, family_targets, kinds, make_shards, sampling_weights
from aicodelint.training.encoder_loop import Recipe, RowTargets, Trainer
from aicodelint.training.onnx_export import export_onnx
from aicodelint.training.splits import HELD_OUT, leave_sources_out, training_rows
from aicodelint.training.tokenizer import train_tokenizer

DOUBTFUL_TRUST = 0.5
SECOND_ROUND = 0.4
"""Of the learning rates of the first."""
EVALUATED_TOKENS = 256
EVALUATED_ROWS = 240
Evaluation = Callable[[DetectorModel], dict[str, float]]


def train_encoder(
    rows: pd.DataFrame,
    folder: Path,
    recipe: Recipe,
    held_out: int,
    size: EncoderSize | None = None,
    *,
    pretraining: Path | None = None,
    pretraining_seconds: float = 0.0,
    start: Path | None = None,
    aim: str = "wild",
) -> DetectorModel:
    """Train an encoder on the rows of the other folds, or go on with the one in ``folder``; return it when its time is spent.

    ``aim`` says what is drawn most (``encoder_data.SHARES``). ``start`` is a folder of ``export_parts`` to begin from, with its tokenizer.
    ``pretraining`` is a folder of shards (``training.pretraining_text``) to learn code from first, for ``pretraining_seconds``, with their tokenizer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folds = leave_sources_out(rows)
    usable = training_rows(rows, folds, held_out)
    if pretraining is not None:
        _take_tokenizer(pretraining / "tokenizer.json", folder / "tokenizer.json")
    if start is not None:
        _take_tokenizer(start / "tokenizer.json", folder / "tokenizer.json")
    tokenizer = _tokenizer(rows[usable], folder / "tokenizer.json")
    shards = _shards(rows, tokenizer, folder / "shards.safetensors")
    drawn = np.zeros(len(rows))
    drawn[usable] = sampling_weights(rows[usable], aim)
    width = (size or EncoderSize()).width
    torch.manual_seed(recipe.seed)
    if start is not None:
        model = new_model(tokenizer, size=size)
        load_parts(model, start)
    else:
        model = new_model(tokenizer, _embeddings(shards, np.flatnonzero(usable), tokenizer.size, width, folder / "embeddings.npy"), size)
    if pretraining is not None:
        from aicodelint.training.pretraining import pretrain
        from aicodelint.training.pretraining_shards import load_pretraining

        pretrain(model, load_pretraining(pretraining), folder / "pretraining", replace(recipe, seconds=pretraining_seconds))
    trainer = Trainer(model, WindowSampler(shards, drawn, recipe.seed), row_targets(rows), drawn, recipe=recipe, folder=folder)
    trainer.run(evaluation(rows, shards, folds == held_out))
    return model


def second_round(recipe: Recipe) -> Recipe:
    """Return ``recipe`` for an encoder that has learnt already: smaller steps, and no prediction of masked tokens, whose part is not kept."""
    return replace(recipe, fill_until=0.0, matrix_rate=recipe.matrix_rate * SECOND_ROUND, other_rate=recipe.other_rate * SECOND_ROUND)


def new_model(tokenizer: CodeTokenizer, embeddings: np.ndarray | None = None, size: EncoderSize | None = None) -> DetectorModel:
    """Return an untrained model that fits ``tokenizer``."""
    return DetectorModel((size or EncoderSize()).config(tokenizer.size), embeddings)


def row_targets(rows: pd.DataFrame) -> RowTargets:
    """Return the training targets of ``rows``; human files of the years of agents, without a policy against them, are half trusted."""
    return RowTargets(
        is_ai=(rows["family"] != HUMAN).to_numpy(),
        is_wild=(rows["group"] == "wild").to_numpy(),
        family=family_targets(rows),
        trust=np.where(kinds(rows) == "wild before-agents", DOUBTFUL_TRUST, 1.0),
    )


def export_parts(model: DetectorModel, folder: Path) -> None:
    """Write the files of a bundle: encoder.onnx, encoder.safetensors with config.json (what T5EncoderModel loads), head.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model.cpu().eval()
    # In fp16: int8 runs on CPUs and bf16 on GPUs, so more digits would only make the bundle bigger.
    encoder = {name: tensor.half() for name, tensor in model.encoder.state_dict().items()}
    save_file({"shared.weight": encoder.pop("shared.weight"), **_unshared(encoder)}, str(folder / "encoder.safetensors"), {"format": "pt"})
    model.encoder.config.architectures = ["T5EncoderModel"]
    model.encoder.config.to_json_file(folder / "config.json")
    heads = {"ai.weight": model.ai.weight, "ai.bias": model.ai.bias, "family.weight": model.family.weight, "family.bias": model.family.bias}
    save_file({name: tensor.detach().contiguous() for name, tensor in heads.items()}, str(folder / "head.safetensors"))
    export_onnx(model.encoder, folder / "encoder.onnx")


def load_parts(model: DetectorModel, folder: Path) -> None:
    """Give ``model`` the weights that ``export_parts`` wrote to ``folder``; the prediction of masked tokens is not kept."""
    encoder, heads = (load_file(str(folder / f"{name}.safetensors")) for name in ("encoder", "head"))
    encoder["encoder.embed_tokens.weight"] = encoder["shared.weight"]
    model.encoder.load_state_dict({name: tensor.float() for name, tensor in encoder.items()})
    for name, head in (("ai", model.ai), ("family", model.family)):
        head.load_state_dict({part: heads[f"{name}.{part}"] for part in ("weight", "bias")})


def evaluation(rows: pd.DataFrame, shards: Shards, held: np.ndarray) -> Evaluation:
    """Return a function that gives the AUCs on a sample of the rows where ``held`` is True, by the first 256 tokens of each."""
    kind = kinds(rows)
    human = (rows["family"] == HUMAN).to_numpy()
    old = np.isin(kind, ["wild old", "wild before-september-2022"])
    groups = {
        "wild": kind == "wild ai",
        "old": old,
        "modern": kind == "wild no-ai-policy",
        "library": kind == "library",
        "semeval human": (kind == "semeval") & human,
        "semeval ai": (kind == "semeval") & ~human,
    }
    generator = np.random.default_rng(5)
    chosen = {name: generator.permutation(np.flatnonzero(held & mask))[:EVALUATED_ROWS] for name, mask in groups.items()}

    def evaluate(model: DetectorModel) -> dict[str, float]:
        found = {name: _logits(model, shards, numbers) for name, numbers in chosen.items() if len(numbers)}
        pairs = (("wild", "old", 1), ("wild", "modern", 1), ("wild", "library", 1), ("semeval ai", "semeval human", 0))
        return {f"{ai} / {human}": _auc(found[ai][:, head], found[human][:, head]) for ai, human, head in pairs if ai in found and human in found}

    return evaluate


def _logits(model: DetectorModel, shards: Shards, numbers: np.ndarray) -> np.ndarray:
    device = next(model.parameters()).device
    found = []
    for number in numbers:
        begin, end = shards.offsets[number], min(shards.offsets[number + 1], shards.offsets[number] + EVALUATED_TOKENS)
        ids = torch.from_numpy(shards.ids[begin:end].astype(np.int64)).unsqueeze(0).to(device)
        found.append(model(ids)[1].float().cpu().numpy()[0])
    return np.array(found)


def _auc(ai: np.ndarray, human: np.ndarray) -> float:
    return round(float(roc_auc_score([1] * len(ai) + [0] * len(human), np.concatenate([ai, human]))), 4)


def _unshared(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.contiguous() for name, tensor in state.items() if not name.endswith("embed_tokens.weight")}


def _tokenizer(rows: pd.DataFrame, path: Path) -> CodeTokenizer:
    if not path.exists():
        train_tokenizer(rows).save(str(path))
    return CodeTokenizer.load(path)


def _take_tokenizer(given: Path, path: Path) -> None:
    """Put the tokenizer of the shards in place; a run that has begun with another cannot go on with it."""
    if path.exists() and path.read_bytes() != given.read_bytes():
        raise UsageError(f"{path.parent} was begun with another tokenizer than that of {given.parent}")
    path.write_bytes(given.read_bytes())


def _shards(rows: pd.DataFrame, tokenizer: CodeTokenizer, path: Path) -> Shards:
    if not path.exists():
        make_shards(rows["code"].tolist(), tokenizer).save(path)
    return Shards.load(path)


def _embeddings(shards: Shards, usable: np.ndarray, vocabulary: int, width: int, path: Path) -> np.ndarray:
    if not path.exists():
        np.save(path, cooccurrence_embeddings(shards, usable, vocabulary, width))
    return np.asarray(np.load(path, allow_pickle=False))


def main() -> None:
    """Read the command line and do it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=4500, help="time to spend in training, over all runs of the command")
    parser.add_argument("--held-out", type=int, default=HELD_OUT)
    parser.add_argument("--pretraining", type=Path, metavar="DIR", help="shards of unlabelled code (training.pretraining_text) to learn from first")
    parser.add_argument("--pretraining-seconds", type=float, default=4500, help="time to spend on them, over all runs of the command")
    parser.add_argument("--start", type=Path, metavar="DIR", help="begin from the encoder files of an earlier run")
    parser.add_argument("--aim", default="wild", choices=sorted(SHARES), help="what is drawn most")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = Recipe(seconds=arguments.seconds, most_threads=arguments.threads)
    if arguments.start is not None:
        recipe = second_round(recipe)
    model = train_encoder(
        pd.read_parquet(arguments.data),
        arguments.folder,
        recipe,
        arguments.held_out,
        pretraining=arguments.pretraining,
        pretraining_seconds=arguments.pretraining_seconds,
        start=arguments.start,
        aim=arguments.aim,
    )
    export_parts(model, arguments.folder)


if __name__ == "__main__":
    main()
