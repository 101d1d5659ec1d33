"""Where a training stands, on disk after every epoch: a run that is stopped goes on from there with the same result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from aicodelint.training.heads import TrainingState


class Checkpoint:
    """The state of one training in ``path``. ``key`` names what is trained on what; the state of another training counts for nothing."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key

    def load(self) -> TrainingState | None:
        """Return the kept state, or None where there is none that can be used."""
        kept = read_state(self._path, self._key)
        return None if kept is None else TrainingState(**kept)

    def save(self, state: TrainingState) -> None:
        """Keep ``state``, all of it or what was there before."""
        write_state(self._path, self._key, asdict(state))

    def remove(self) -> None:
        """Forget the state: the training is done."""
        self._path.unlink(missing_ok=True)
        if self._path.parent.is_dir() and not any(self._path.parent.iterdir()):
            self._path.parent.rmdir()


def read_state(path: Path, key: str) -> dict[str, Any] | None:
    """Return what ``write_state`` kept under ``key``, or None: without it the training begins anew."""
    try:
        kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return kept if kept.pop("key") == key else None
    except Exception:  # absent, torn or foreign: torch raises a dozen kinds
        return None


def write_state(path: Path, key: str, state: Mapping[str, Any]) -> None:
    """Keep tensors and plain values, all of them or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save({**state, "key": key}, partial)
    partial.replace(path)
