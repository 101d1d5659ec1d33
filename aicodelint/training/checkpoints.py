"""Where a training stands, on disk after every epoch: a run that is stopped goes on from there with the same result."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from aicodelint.training.heads import TrainingState


class Checkpoint:
    """The state of one training in ``path``. ``key`` names what is trained on what; the state of another training counts for nothing."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key

    def load(self) -> TrainingState | None:
        """Return the kept state, or None where there is none that can be used."""
        try:
            kept = torch.load(self._path, map_location="cpu", weights_only=True)
            if kept.pop("key") != self._key:
                return None
            return TrainingState(**kept)
        except Exception:  # a file that is absent, torn or foreign: the training begins anew
            return None

    def save(self, state: TrainingState) -> None:
        """Keep ``state``, all of it or what was there before."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        torch.save({**asdict(state), "key": self._key}, partial)
        partial.replace(self._path)

    def remove(self) -> None:
        """Forget the state: the training is done."""
        self._path.unlink(missing_ok=True)
        if self._path.parent.is_dir() and not any(self._path.parent.iterdir()):
            self._path.parent.rmdir()
