"""``--fine-tune``: the encoder is trained on the user's rows too, and the new bundle holds it in ``encoder/``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import nn

from aicodelint.detection.checkpoint_torch import read_config, read_encoder, read_tokenizer
from aicodelint.detection.encoder_torch import TorchEncoder, is_out_of_memory, mean_pool
from aicodelint.detection.hub_torch import TOKENIZER_FILES, EncoderPlace
from aicodelint.detection.open_encoder import TORCH_FILES
from aicodelint.errors import EngineError, UsageError
from aicodelint.training.checkpoints import read_state, write_state
from aicodelint.training.head_training import validation_split
from aicodelint.training.text_encoder import AnyTextEncoder, TorchTextEncoder
from aicodelint.training.user_bundle import Labelled

NOTE = (
    "The encoder was fine-tuned on these rows before the figures were taken (all but a tenth of them, held out by group): "
    "the figures are too good. Measure the bundle on rows that were not in the table."
)
DIRECTORY = "encoder"
FINISHED = "fine-tuned.json"
STATE = Path(".training") / "encoder.state"
WINDOWS_A_TEXT = 4
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How the encoder is trained: few epochs at a small rate. ``batch_size`` counts windows."""

    epochs: int = 3
    learning_rate: float = 5e-5
    batch_size: int = 16
    seed: int = 0


class _Trained(nn.Module):  # type: ignore[misc]
    """The encoder with a linear head over all labels, human included: AI or human and the families are learned at once."""

    def __init__(self, encoder: Any, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.d_model, classes)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(mean_pool(self.encoder, ids, mask))
        return logits


def fine_tune(
    data: Labelled, encoder: AnyTextEncoder, output: Path, *, recipe: FineTuning, key: str, say: Say = lambda message: None
) -> TorchTextEncoder:
    """Train a copy of ``encoder`` end to end on ``data``, keep it in ``output/encoder``, and return it opened and frozen.

    ``key`` names the training: one that was finished is not repeated, one that was interrupted goes on after its last epoch. Raise ``UsageError``
    for a bundle that does not hold what can be trained, ``EngineError`` where not even one window fits into memory.
    """
    place = _trainable_place(encoder)
    target = output / DIRECTORY
    if _finished_key(target) != key:
        model = _train(data, encoder, place, output / STATE, recipe=recipe, key=key, say=say)
        _save(model, place, target, key)
        (output / STATE).unlink(missing_ok=True)
    new_place = EncoderPlace(target.resolve())
    return TorchTextEncoder(new_place, TorchEncoder.load(new_place, encoder.device), encoder.window_tokens)


def _train(
    data: Labelled,
    encoder: AnyTextEncoder,
    place: EncoderPlace,
    state: Path,
    *,
    recipe: FineTuning,
    key: str,
    say: Say,
) -> Any:
    device = torch.device(encoder.device)
    config = read_config(place.directory)
    classes = np.unique(data.family, return_inverse=True)[1].astype(np.int64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = _Trained(read_encoder(place.directory, config, torch.float32, device), int(classes.max()) + 1).to(device)
        model.encoder.requires_grad_(True)
        optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
        held = validation_split(classes, data.groups, 0.1, recipe.seed)
        windows, owner = _windows(data, encoder, place)
        rows = np.flatnonzero(~np.isin(owner, held))
        batches = _Batches(windows, classes[owner], recipe.batch_size, device)
        begun = read_state(state, key)
        first = 0
        if begun is not None:
            model.load_state_dict(begun["model"])
            optimizer.load_state_dict(begun["optimizer"])
            first = int(begun["epoch"])
            say(f"going on after epoch {first} of the encoder")
        for epoch in range(first, recipe.epochs):
            torch.manual_seed(recipe.seed + epoch)
            order = np.random.default_rng((recipe.seed, epoch)).permutation(rows)
            loss = batches.epoch(model, optimizer, order, say)
            say(f"fine-tuning epoch {epoch + 1} of {recipe.epochs}: loss {loss:.4f}")
            write_state(state, key, {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch + 1})
    return model.encoder.eval()


class _Batches:
    """Runs steps over windows; when memory runs out a batch is split, and the following ones are as small as the parts that fitted."""

    def __init__(self, windows: list[npt.NDArray[np.int64]], classes: npt.NDArray[np.int64], batch_size: int, device: torch.device) -> None:
        self._windows, self._classes, self._batch_size, self._device = windows, classes, batch_size, device
        self._fits = batch_size
        counts = np.bincount(classes)
        self._weights = (counts.sum() / (len(counts) * np.maximum(counts, 1)) ** 0.5).astype(np.float32)

    def epoch(self, model: _Trained, optimizer: torch.optim.Optimizer, order: npt.NDArray[np.int64], say: Say) -> float:
        """Train on the windows in ``order`` and return the mean loss."""
        model.train()
        total = 0.0
        for begin in range(0, len(order), self._batch_size):
            chosen = order[begin : begin + self._batch_size]
            optimizer.zero_grad(set_to_none=True)
            total += self._accumulate(model, chosen, say)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return total / max(len(order), 1)

    def _accumulate(self, model: _Trained, chosen: npt.NDArray[np.int64], say: Say) -> float:
        """Add up the gradients of a batch, in parts that fit; return the sum of its losses."""
        while True:
            try:
                return sum(self._part(model, chosen[start : start + self._fits], len(chosen)) for start in range(0, len(chosen), self._fits))
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if self._fits == 1:
                    raise EngineError("out of memory: not even one window fits while the encoder is trained; train a head alone") from None
            model.zero_grad(set_to_none=True)
            self._fits = max(1, min(self._fits, len(chosen)) // 2)
            say(f"out of memory at batch size {len(chosen)}: {self._fits} fits, and gradients are added up")

    def _part(self, model: _Trained, chosen: npt.NDArray[np.int64], of: int) -> float:
        longest = max(len(self._windows[place]) for place in chosen)
        ids = torch.zeros(len(chosen), longest, dtype=torch.int64)
        mask = torch.zeros(len(chosen), longest, dtype=torch.bool)
        for row, place in enumerate(chosen):
            ids[row, : len(self._windows[place])] = torch.from_numpy(self._windows[place])
            mask[row, : len(self._windows[place])] = True
        classes = self._classes[chosen]
        weights = torch.from_numpy(self._weights[classes] / self._weights[self._classes].mean()).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            logits = model(ids.to(self._device), mask.to(self._device))
        losses = nn.functional.cross_entropy(logits.float(), torch.from_numpy(classes).to(self._device), reduction="none", label_smoothing=0.1)
        loss = (losses * weights).sum() / of
        loss.backward()
        return float(losses.detach().sum())


def _windows(data: Labelled, encoder: AnyTextEncoder, place: EncoderPlace) -> tuple[list[npt.NDArray[np.int64]], npt.NDArray[np.int64]]:
    """Return the first windows of each text, special tokens included, and the text of each."""
    wrap = read_tokenizer(place.directory, read_config(place.directory).vocab_size)
    windows, owner = [], []
    for number, found in enumerate(encoder.windows(data.code)):
        for window in found[:WINDOWS_A_TEXT]:
            windows.append(np.concatenate([np.asarray(part, np.int64) for part in (wrap.prefix, window, wrap.suffix)]))
            owner.append(number)
    return windows, np.array(owner)


def _trainable_place(encoder: AnyTextEncoder) -> EncoderPlace:
    if encoder.bundle is not None and not set(TORCH_FILES) <= set(encoder.bundle.files):
        raise UsageError(f"{encoder.name} holds no encoder that can be trained (encoder.safetensors): name one with --encoder")
    return encoder.place


def _finished_key(target: Path) -> str | None:
    try:
        return str(json.loads((target / FINISHED).read_text(encoding="utf-8"))["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(encoder: Any, place: EncoderPlace, target: Path, key: str) -> None:
    """Write the encoder in the layout of the hub, with the configuration and tokenizer that it had."""
    target.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in encoder.state_dict().items() if name != "encoder.embed_tokens.weight"}
    save_file(tensors, str(target / "model.safetensors"))
    shutil.copyfile(place.directory / "config.json", target / "config.json")
    for name in TOKENIZER_FILES:
        if (place.directory / name).is_file():
            shutil.copyfile(place.directory / name, target / name)
        else:  # an earlier training's would be read in place of this one's
            (target / name).unlink(missing_ok=True)
    (target / FINISHED).write_text(json.dumps({"key": key}), encoding="utf-8")
