"""Trains the family networks over the cheap features, for files of the wild and for snippets, and their out-of-fold logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from aicodelint.detection.family_networks import CLASSES, FAMILY_EXPERTS, LIMIT, FamilyNetwork, squashed
from aicodelint.detection.mlp_head import MlpHead
from aicodelint.training.dataset import family_ids
from aicodelint.training.splits import FOLDS, training_rows
from aicodelint.training.threads import one_thread

MEMBERS = 4
"""Networks whose logits are averaged: side by side they are one network, so the runtime knows nothing of it."""
HIDDEN = 64
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY, SMOOTHING = 30, 128, 2e-3, 0.1, 0.1
FEATURE_DROPOUT, DROPOUT = 0.2, 0.5
CONSTANT = 1e-5
"""Features that spread less than this over the rows count for nothing."""

Tensors = dict[str, NDArray[np.float32]]


def train_family_networks(
    rows: pd.DataFrame, features: NDArray[np.float32], work: Path
) -> tuple[dict[str, NDArray[np.float16]], dict[str, NDArray[np.float64]]]:
    """Return the tensors of ``families.safetensors`` trained on all rows, and by expert the out-of-fold logits (n, families + 1) of every row.

    What is trained is kept in ``work``, and not trained again.
    """
    work.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, NDArray[np.float16]] = {}
    held_out = {}
    for name in FAMILY_EXPERTS:
        kept = work / f"networks-{name}.npz"
        if not kept.exists():
            said, final = _train_expert(rows, features, _weights(rows, name))
            arrays: dict[str, Any] = {"held_out": said, **final}
            np.savez(kept, **arrays)
        with np.load(kept) as found:
            held_out[name] = found["held_out"]
            tensors |= {f"{name}.{part}": found[part].astype(np.float16) for part in found.files if part != "held_out"}
    return tensors, held_out


def _weights(rows: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return the weight of each AI row, 0 where it is not learnt from.

    In the wild every repository counts alike, and a family by the root of its repositories; of snippets SemEval's alone are learnt (benchmarks made
    it worse), a family by the root of its size.
    """
    mine = rows["ai"].to_numpy() & ~rows["cut"].to_numpy() & (rows["domain"] == ("wild" if name == "wild" else "semeval")).to_numpy()
    size = rows.groupby(["source", "family"])["ai"].transform("size").to_numpy().astype(np.float64)
    if name == "wild":
        repositories = rows[mine].groupby("family")["source"].nunique()
        return np.where(mine, 1 / size / np.sqrt(rows["family"].map(repositories).fillna(1).to_numpy()), 0.0)
    ids = family_ids(rows)
    sizes = np.bincount(ids[mine], minlength=CLASSES)
    return np.where(mine, 1 / np.sqrt(size * np.maximum(sizes[ids], 1)), 0.0)


def _train_expert(rows: pd.DataFrame, features: NDArray[np.float32], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], Tensors]:
    """Return the out-of-fold logits of every row, and the tensors of the network trained on all of them."""
    split, targets = rows["split"].to_numpy(), family_ids(rows)
    held_out = np.zeros((len(rows), CLASSES))
    for fold in range(FOLDS):
        chosen = training_rows(rows, split, fold) & (weights > 0)
        network = _fit(features[chosen], targets[chosen], weights[chosen])
        asked = np.flatnonzero((split == fold) & rows["ai"].to_numpy())
        held_out[asked] = network.logits(features[asked])
    chosen = weights > 0
    return held_out, _tensors(_fit(features[chosen], targets[chosen], weights[chosen]))


def _fit(features: NDArray[np.float32], targets: NDArray[np.int64], weights: NDArray[np.float64]) -> FamilyNetwork:
    inputs = squashed(features)
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
    varied = spread > CONSTANT
    scale = np.where(varied, spread, np.float32(1))
    standard = torch.from_numpy(np.clip((inputs - mean) / scale, -LIMIT, LIMIT))
    importance = torch.from_numpy((weights / weights.mean()).astype(np.float32))
    with one_thread(), torch.random.fork_rng(devices=[]):
        members = [_fit_member(standard, torch.from_numpy(targets), importance, seed) for seed in range(MEMBERS)]
    hidden, output = ([(_array(layers[place].weight), _array(layers[place].bias)) for layers in members] for place in (0, 1))
    # What never varied taught its weights nothing: they are as they were drawn, and would speak up where it does vary.
    first = (np.concatenate([weight for weight, _ in hidden]) * varied, np.concatenate([bias for _, bias in hidden]))
    last = (np.concatenate([weight for weight, _ in output], axis=1) / np.float32(MEMBERS), sum(bias for _, bias in output) / np.float32(MEMBERS))
    return FamilyNetwork(mean, scale, MlpHead((first, last)))


def _fit_member(standard: torch.Tensor, targets: torch.Tensor, importance: torch.Tensor, seed: int) -> tuple[nn.Linear, nn.Linear]:
    """Return the two layers of one network."""
    torch.manual_seed(seed)
    first, last = nn.Linear(standard.shape[1], HIDDEN), nn.Linear(HIDDEN, CLASSES)
    network = nn.Sequential(nn.Dropout(FEATURE_DROPOUT), first, nn.ReLU(), nn.Dropout(DROPOUT), last)
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batches = -(-len(targets) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, EPOCHS * batches)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(targets)).split(BATCH):
            losses = nn.functional.cross_entropy(network(standard[rows]), targets[rows], reduction="none", label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            (losses * importance[rows]).mean().backward()
            optimizer.step()
            schedule.step()
    return first, last


def _array(parameter: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(parameter.detach().numpy(), dtype=np.float32)


def _tensors(network: FamilyNetwork) -> Tensors:
    """Return what ``families.safetensors`` holds of a network, by the end of each name."""
    layers = {
        f"{number}.{part}": array for number, layer in enumerate(network.layers.layers) for part, array in zip(("weight", "bias"), layer, strict=True)
    }
    return {"mean": network.mean, "scale": network.scale, **layers}
