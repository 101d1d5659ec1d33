"""The daemon's queue and the one thread that infers: texts of all clients share batches, and every client gets its turn."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from aicodelint.finding import Snippet, Verdict

BATCH_SECONDS = 0.25
FIRST_BUDGET = 4 * 1024
LEAST_BUDGET = 512
MOST_BUDGET = 512 * 1024
CHARACTERS_A_TEXT_COSTS = 512


class Judge(Protocol):
    """What the detector offers."""

    def judge(self, snippets: list[Snippet]) -> list[Verdict]:
        """Return one verdict for each snippet, in order; each depends on its snippet alone."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One text that ``client`` wants judged, under the number it gave it."""

    client: Hashable
    number: int
    snippet: Snippet
    key: bytes
    cost: int

    @property
    def work(self) -> int:
        """How much there is to do for it, in characters."""
        return len(self.snippet.text) + CHARACTERS_A_TEXT_COSTS


Deliver = Callable[[list[tuple[Job, Verdict | None]]], None]


class JobQueue:
    """Jobs in the order in which they are served: one of each client in turn."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[Hashable, deque[Job]] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        with self._changed:
            return sum(len(jobs) for jobs in self._jobs.values())

    def put(self, job: Job) -> None:
        """Add a job behind those of its client."""
        with self._changed:
            self._jobs.setdefault(job.client, deque()).append(job)
            self._changed.notify()

    def cancel(self, client: Hashable) -> list[Job]:
        """Take out and return what ``client`` still waits for."""
        with self._changed:
            return list(self._jobs.pop(client, ()))

    def close(self) -> None:
        """End ``take``: what is queued is not served any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, budget: int = FIRST_BUDGET) -> list[Job]:
        """Wait for jobs and return the next batch: at least one job, no more than fill ``budget``; none once the queue is closed."""
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            batch: list[Job] = []
            work = 0
            while self._jobs and not self._closed and work < budget:
                client, jobs = self._jobs.popitem(last=False)
                batch.append(jobs.popleft())
                work += batch[-1].work
                if jobs:
                    self._jobs[client] = jobs
            return batch


class Inference:
    """The thread that loads the detector with ``load`` and judges batches with it, telling ``deliver`` of each (in that thread).

    ``ready`` is set once the detector is loaded. When it cannot be loaded, ``failed`` is called with the exception, and the thread ends.
    A text on which the detector fails gets None for a verdict; ``on_error`` is told of it. Batches are as large as this machine judges in
    about ``BATCH_SECONDS``: who comes with two files waits no longer than that for the batch in front.
    """

    def __init__(
        self,
        queue: JobQueue,
        load: Callable[[], Judge],
        deliver: Deliver,
        failed: Callable[[BaseException], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self.ready = threading.Event()
        self.batches = 0
        self._queue = queue
        self._load = load
        self._deliver = deliver
        self._failed = failed
        self._on_error = on_error
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def _run(self) -> None:
        try:
            detector = self._load()
        except BaseException as error:
            self._failed(error)
            return
        self.ready.set()
        budget = float(FIRST_BUDGET)
        while batch := self._queue.take(int(budget)):
            started = time.monotonic()
            self._deliver(list(zip(batch, self._judge(detector, batch), strict=True)))
            self.batches += 1
            affordable = sum(job.work for job in batch) * BATCH_SECONDS / max(time.monotonic() - started, 1e-4)
            budget = min(max(affordable, LEAST_BUDGET), 2 * budget, MOST_BUDGET)

    def _judge(self, detector: Judge, batch: list[Job]) -> list[Verdict | None]:
        try:
            verdicts = detector.judge([job.snippet for job in batch])
            if len(verdicts) != len(batch):
                raise RuntimeError("the detector lost a text")
            return list(verdicts)
        except Exception as error:
            if len(batch) == 1:
                self._on_error(error)
                return [None]
            return [verdict for job in batch for verdict in self._judge(detector, [job])]
