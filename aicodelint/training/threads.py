"""How many threads to train with on a machine that others use too: a second thread that must wait for its turn makes both slower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class ThreadTuner:
    """Tries every count from 1 to ``most`` now and then and keeps the fastest. Needs OMP_WAIT_POLICY=PASSIVE, or waiting threads burn a core."""

    def __init__(self, most: int, try_every: int = 24) -> None:
        self._speeds: dict[int, float] = {}
        self._most, self._try_every = max(1, most), try_every
        self._steps = 0
        self._current = 1
        torch.set_num_threads(1)

    def before_step(self) -> None:
        """Set the thread count of the step to come."""
        trial = self._steps % self._try_every
        if trial < self._most:
            self._current = trial + 1
        else:
            self._current = max(self._speeds, key=lambda count: self._speeds[count])
        torch.set_num_threads(self._current)
        self._steps += 1

    def after_step(self, tokens: int, seconds: float) -> None:
        """Tell how fast it was."""
        speed = tokens / seconds
        self._speeds[self._current] = speed if self._steps <= self._try_every else 0.5 * self._speeds[self._current] + 0.5 * speed


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread: a head is so small that waiting for a second one costs more than it does, four times as much on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
