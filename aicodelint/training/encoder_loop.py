"""Trains an encoder for a given time, in the background if need be: killed at any moment, it goes on from its last checkpoint."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from aicodelint.rules import FAMILIES
from aicodelint.training.encoder import DetectorModel, Targets, mask_tokens, task_loss
from aicodelint.training.encoder_data import WindowSampler
from aicodelint.training.muon import Muon
from aicodelint.training.threads import ThreadTuner

PROGRESS_FILE = "progress.json"
"""What a training folder knows of how far it is: tokens and seconds, and the name of its last checkpoint."""


@dataclass(frozen=True)
class Recipe:
    """How to train. ``seconds`` is the budget of time spent in training, over all resumptions: the schedule follows it."""

    seconds: float
    tokens_per_batch: int = 8192
    micro_batches: int = 2
    matrix_rate: float = 4e-3
    other_rate: float = 2e-3
    masked: float = 0.12
    masked_later: float = 0.05
    fill_until: float = 0.5
    fill_weight: float = 0.25
    checkpoint_every: float = 180.0
    evaluate_every: float = 420.0
    most_threads: int = 2
    seed: int = 0


@dataclass(frozen=True)
class RowTargets:
    """The targets of all rows of the shards, as numpy arrays of shape (n,); see ``encoder.Targets``."""

    is_ai: np.ndarray
    is_wild: np.ndarray
    family: np.ndarray
    trust: np.ndarray

    def of(self, rows: np.ndarray, device: torch.device) -> Targets:
        """Return the targets of a batch."""
        return Targets(
            torch.from_numpy(self.is_ai[rows].astype(np.float32)).to(device),
            torch.from_numpy(self.is_wild[rows].astype(np.float32)).to(device),
            torch.from_numpy(self.family[rows]).to(device),
            torch.from_numpy(self.trust[rows].astype(np.float32)).to(device),
        )

    def family_weights(self, drawn: np.ndarray) -> torch.Tensor:
        """Return 1/sqrt(n) weights of mean 1 over the families; ``drawn`` is how often each row is drawn."""
        known = self.family >= 0
        share = np.bincount(self.family[known], weights=drawn[known], minlength=len(FAMILIES))
        weight = 1 / np.sqrt(np.maximum(share / share.sum(), 1e-3))
        return torch.tensor(weight / weight.mean(), dtype=torch.float32)


@dataclass
class Progress:
    """Where a run stands; written beside each checkpoint."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    sampler: dict[str, object] | None = None


class Trainer:
    """One training run in one directory."""

    def __init__(self, model: DetectorModel, sampler: WindowSampler, targets: RowTargets, drawn: np.ndarray, *, recipe: Recipe, folder: Path) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.to(self.device)
        self.recipe, self.folder, self.sampler, self.targets = recipe, folder, sampler, targets
        self.progress = Progress()
        self.masks = torch.Generator().manual_seed(recipe.seed)
        self.family_weights = targets.family_weights(drawn).to(self.device)
        matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and ".block." in name and "relative" not in name]
        chosen = {id(p) for p in matrices}
        others = [p for p in model.parameters() if id(p) not in chosen]
        self.optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=recipe.matrix_rate),
            torch.optim.AdamW(others, lr=recipe.other_rate, betas=(0.9, 0.98), weight_decay=0.01),
        ]
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / PROGRESS_FILE).exists():
            self._resume()

    def run(self, evaluate: Callable[[DetectorModel], dict[str, float]] | None = None) -> None:
        """Train until the budget is spent; checkpoints and figures go to the folder."""
        saved = evaluated = self.progress.seconds
        threads = ThreadTuner(self.recipe.most_threads)
        losses: list[float] = []
        while self.progress.seconds < self.recipe.seconds:
            begin, before = time.monotonic(), self.progress.tokens
            threads.before_step()
            losses.append(self._step())
            seconds = time.monotonic() - begin
            threads.after_step(self.progress.tokens - before, seconds)
            self.progress.seconds += seconds
            if self.progress.step % 25 == 0:
                self._log({"loss": float(np.mean(losses[-25:]))})
                losses.clear()
            if self.progress.seconds - saved > self.recipe.checkpoint_every:
                saved = self.progress.seconds
                self._save()
            if evaluate and self.progress.seconds - evaluated > self.recipe.evaluate_every:
                evaluated = self.progress.seconds
                self._log(self._evaluated(evaluate))
        self._save()
        if evaluate:
            self._log(self._evaluated(evaluate))

    def _evaluated(self, evaluate: Callable[[DetectorModel], dict[str, float]]) -> dict[str, float]:
        self.model.eval()
        with torch.inference_mode():
            figures = evaluate(self.model)
        self.model.train()
        return figures

    def _step(self) -> float:
        part = self.progress.seconds / self.recipe.seconds
        rate = min(1.0, part / 0.02 + 0.02) * (0.5 * (1 + math.cos(math.pi * min(1.0, part))) * 0.98 + 0.02)
        for optimizer, peak in zip(self.optimizers, (self.recipe.matrix_rate, self.recipe.other_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
        length = self._length(part)
        ids, rows = self.sampler.batch(self.recipe.tokens_per_batch // length, length)
        order = np.argsort((ids != 0).sum(1), kind="stable")
        total = 0.0
        chunks = np.array_split(order, min(self.recipe.micro_batches, len(order)))
        for chunk in chunks:
            longest = int((ids[chunk] != 0).sum(1).max())
            loss = self._loss(torch.from_numpy(ids[chunk, :longest]).to(self.device), rows[chunk], part) / len(chunks)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.progress.step += 1
        self.progress.tokens += int((ids != 0).sum())
        return total

    def _length(self, part: float) -> int:
        """Short windows first: more files for the same tokens. Longer ones later, so that those of scanning are no surprise."""
        draw = self.sampler.generator.random()
        if part > 0.8:
            return 512 if draw < 0.25 else 256
        if part > 0.5:
            return 256 if draw < 0.6 else 128
        return 256 if draw < 0.15 else 128

    def _loss(self, ids: torch.Tensor, rows: np.ndarray, part: float) -> torch.Tensor:
        filling = part < self.recipe.fill_until
        masked, wanted = mask_tokens(ids, self.recipe.masked if filling else self.recipe.masked_later, self.masks)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            states = self.model.hidden(masked)
            embedding = self.model.pooled(states, masked)
            ai, family = self.model.ai(embedding), self.model.family(embedding)
        loss = task_loss(ai.float(), family.float(), self.targets.of(rows, self.device), self.family_weights)
        if filling:
            loss = loss + self.recipe.fill_weight * (1 - part / self.recipe.fill_until) * self.model.fill_loss(states, wanted)
        return loss

    def _log(self, figures: dict[str, float]) -> None:
        line = {"step": self.progress.step, "tokens": self.progress.tokens, "seconds": round(self.progress.seconds, 1), **figures}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        """Write the checkpoint so that a kill at any point leaves either the old one or the new one."""
        name = f"step-{self.progress.step}"
        self.progress.sampler = dict(self.sampler.generator.bit_generator.state)
        save_file({key: value.contiguous() for key, value in self._state().items()}, str(self.folder / f"{name}.safetensors"))
        torch.save([optimizer.state_dict() for optimizer in self.optimizers], self.folder / f"{name}.optimizers.pt")
        document = {"name": name, **vars(replace(self.progress))}
        (self.folder / "progress.tmp").write_text(json.dumps(document))
        (self.folder / "progress.tmp").replace(self.folder / PROGRESS_FILE)
        for old in self.folder.glob("step-*"):
            if not old.name.startswith(name + "."):
                old.unlink()

    def _state(self) -> dict[str, torch.Tensor]:
        shared = "encoder.encoder.embed_tokens.weight"
        return {key: value for key, value in self.model.state_dict().items() if key != shared}

    def _resume(self) -> None:
        document = json.loads((self.folder / PROGRESS_FILE).read_text())
        name = document.pop("name")
        load_model(self.model, self.folder / f"{name}.safetensors")
        states = torch.load(self.folder / f"{name}.optimizers.pt", weights_only=True, map_location=self.device)
        for optimizer, state in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict(state)
        self.progress = Progress(**document)
        self.sampler.generator.bit_generator.state = document["sampler"]


def load_model(model: DetectorModel, path: Path) -> None:
    """Load a checkpoint's weights into ``model``; the embedding table that T5 names twice is stored once."""
    missing, unexpected = model.load_state_dict(load_file(str(path)), strict=False)
    wrong = [key for key in missing if not key.endswith("embed_tokens.weight")] + list(unexpected)
    if wrong:
        raise ValueError(f"{path} does not fit the model: {wrong[:3]}")
