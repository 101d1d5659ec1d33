"""The encoder on a CPU, through ONNX Runtime: windows of token ids in, embeddings out.

One window a call, at its exact length: nothing is padded, and the int8 graph's activation scales are those of the window alone, so no
batch, order or number of threads can change a result. Parallelism is one such call a thread; the runtime lets go of the interpreter's lock.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

from aicodelint.errors import BundleError


class OnnxEncoder:
    """A frozen encoder: input ``ids`` (1, tokens) int64, output ``embedding`` (1, dimension) float32."""

    def __init__(self, model: bytes, jobs: int | None = None) -> None:
        """Load the graph ``model`` (the contents of ``encoder.onnx``); ``jobs`` threads encode, None means one a core. Raises BundleError."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # a plan is kept for each length, for ever
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            self.dimension = int(self._session.get_outputs()[0].shape[-1])
        except Exception as error:  # onnxruntime raises a class for each status code, all of them plain Exceptions
            raise BundleError(f"the encoder cannot be loaded: {error}") from None
        self.jobs = max(1, jobs or _usable_cores())
        self._pool = ThreadPoolExecutor(self.jobs - 1, "encode") if self.jobs > 1 else None

    def encode(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Return the embedding of each window (token ids, at least one and at most 512), shape (len(windows), dimension), float32."""
        found = np.zeros((len(windows), self.dimension), dtype=np.float32)
        # Long windows first: no thread is left with a long one while the others have nothing to do.
        order = sorted(range(len(windows)), key=lambda number: -len(windows[number]))
        turn = itertools.count()

        def work() -> None:
            while (position := next(turn)) < len(order):
                number = order[position]
                ids = np.asarray(windows[number], dtype=np.int64).reshape(1, -1)
                found[number] = self._session.run(None, {"ids": ids})[0][0]

        helpers = [self._pool.submit(work) for _ in range(min(self.jobs, len(windows)) - 1)] if self._pool else []
        work()
        for helper in helpers:
            helper.result()
        return found

    def close(self) -> None:
        """Let go of the threads."""
        if self._pool:
            self._pool.shutdown()


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
