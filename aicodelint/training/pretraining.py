"""The encoder learns code before it learns the task: masked tokens of unlabelled code, drawn from the shards of ``pretraining_text``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from aicodelint.rules import FAMILIES
from aicodelint.training.encoder import DetectorModel, mask_tokens
from aicodelint.training.encoder_data import HUMAN, WindowSampler
from aicodelint.training.encoder_loop import Recipe, RowTargets, Trainer
from aicodelint.training.pretraining_shards import PretrainingText

MASKED = 0.15
HELD_OUT_EVERY = 200
"""Every so many documents one is not learnt from: the loss on some of them is what the log shows."""
EVALUATED_WINDOWS, EVALUATED_TOKENS = 128, 128


class Pretrainer(Trainer):
    """A training run, as resumable as any, whose only objective is to fill in masked tokens."""

    def _loss(self, ids: torch.Tensor, rows: np.ndarray, part: float) -> torch.Tensor:
        del rows, part
        masked, wanted = mask_tokens(ids, MASKED, self.masks)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            states = self.model.hidden(masked)
        return self.model.fill_loss(states.float(), wanted)


class _NoTargets(RowTargets):
    """What stands where a task's targets would: unlabelled text has none."""

    def __init__(self, rows: int) -> None:
        nothing = np.zeros(rows)
        super().__init__(is_ai=nothing, is_wild=nothing, family=np.full(rows, HUMAN), trust=nothing)

    def family_weights(self, drawn: np.ndarray) -> torch.Tensor:
        """Return ones: no family is drawn."""
        return torch.ones(len(FAMILIES))


def pretrain(model: DetectorModel, text: PretrainingText, folder: Path, recipe: Recipe) -> DetectorModel:
    """Train ``model`` on ``text`` for the recipe's seconds, or go on with the run in ``folder``; return it."""
    weights = text.weights()
    held_out = np.arange(len(weights)) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    drawn = np.where(held_out, 0.0, weights)
    trainer = Pretrainer(model, WindowSampler(text.shards, drawn, recipe.seed), _NoTargets(len(weights)), drawn, recipe=recipe, folder=folder)
    trainer.run(_fill_loss_on(text, np.where(held_out, weights, 0.0)) if held_out.any() else None)
    return model


def _fill_loss_on(text: PretrainingText, weights: np.ndarray) -> Callable[[DetectorModel], dict[str, float]]:
    """Return a function that gives the loss on windows of the documents with a weight, the same windows and masks every time."""
    ids, _ = WindowSampler(text.shards, weights, seed=5).batch(EVALUATED_WINDOWS, EVALUATED_TOKENS)
    masked, wanted = mask_tokens(torch.from_numpy(ids), MASKED, torch.Generator().manual_seed(5))

    def evaluate(model: DetectorModel) -> dict[str, float]:
        device = next(model.parameters()).device
        losses = [
            float(model.fill_loss(model.hidden(part.to(device)).float(), hidden.to(device)))
            for part, hidden in zip(masked.split(32), wanted.split(32), strict=True)
        ]
        return {"held-out fill loss": round(float(np.mean(losses)), 4)}

    return evaluate
