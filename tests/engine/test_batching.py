from __future__ import annotations

import threading
import time
from collections.abc import Hashable

from aicodelint.engine.batching import CHARACTERS_A_TEXT_COSTS, Inference, Job, JobQueue
from aicodelint.finding import Snippet, Verdict

WORK = CHARACTERS_A_TEXT_COSTS + 1


def job(client: Hashable, number: int, text: str = "x") -> Job:
    return Job(client, number, Snippet(text, None), b"", 0)


def filled(**jobs: int) -> JobQueue:
    queue = JobQueue()
    for client, count in jobs.items():
        for number in range(count):
            queue.put(job(client, number))
    return queue


def test_clients_take_turns_and_each_is_served_in_order() -> None:
    queue = filled(large=10_000, small=2, other=3)
    batch = [(taken.client, taken.number) for taken in queue.take(16 * WORK)]
    assert batch[:8] == [("large", 0), ("small", 0), ("other", 0), ("large", 1), ("small", 1), ("other", 1), ("large", 2), ("other", 2)]
    assert len(batch) == 16
    assert len(queue) == 10_005 - 16


def test_who_did_not_get_a_place_comes_first_in_the_next_batch() -> None:
    queue = filled(**{f"client {number}": 5 for number in range(16 + 4)})
    first = {taken.client for taken in queue.take(16 * WORK)}
    second = [taken.client for taken in queue.take(16 * WORK)]
    assert not first & set(second[:4])


def test_long_texts_make_small_batches() -> None:
    queue = JobQueue()
    for number in range(10):
        queue.put(job("a", number, "x" * (1000 - CHARACTERS_A_TEXT_COSTS)))
    assert [len(queue.take(2000)), len(queue.take(2001)), len(queue.take(1))] == [2, 3, 1]


def test_what_is_cancelled_is_not_served() -> None:
    queue = filled(gone=5, here=2)
    assert len(queue.cancel("gone")) == 5
    assert [taken.client for taken in queue.take()] == ["here", "here"]
    assert queue.cancel("nobody") == []


def test_a_closed_queue_gives_nothing_and_wakes_who_waits() -> None:
    queue = JobQueue()
    taken: list[list[Job]] = []
    waiting = threading.Thread(target=lambda: taken.append(queue.take()))
    waiting.start()
    queue.close()
    waiting.join(10)
    assert taken == [[]]


def test_batches_shrink_until_they_take_no_longer_than_they_should() -> None:
    class Slow:
        def judge(self, snippets: list[Snippet]) -> list[Verdict]:
            sizes.append(len(snippets))
            time.sleep(0.02 * len(snippets))
            return [Verdict(0.5, None) for _ in snippets]

    sizes: list[int] = []
    queue = filled(one=80)
    inference = Inference(queue, Slow, lambda batch: None, print, print)
    inference.start()
    deadline = time.monotonic() + 30
    while sum(sizes) < 80 and time.monotonic() < deadline:
        time.sleep(0.01)
    queue.close()
    assert sum(sizes) == 80
    assert max(sizes) <= 13


class Moody:
    """Fails on any batch that holds ``bad``."""

    def judge(self, snippets: list[Snippet]) -> list[Verdict]:
        if any(snippet.text == "bad" for snippet in snippets):
            raise ValueError("moody")
        return [Verdict(len(snippet.text) / 10, None) for snippet in snippets]


def test_a_text_that_fails_takes_no_other_with_it() -> None:
    queue = JobQueue()
    for number, text in enumerate(["a", "bad", "ccc"]):
        queue.put(job(number % 2, number, text))
    results: dict[int, Verdict | None] = {}
    errors: list[BaseException] = []
    done = threading.Event()

    def deliver(batch: list[tuple[Job, Verdict | None]]) -> None:
        results.update({job.number: verdict for job, verdict in batch})
        if len(results) == 3:
            done.set()

    inference = Inference(queue, Moody, deliver, errors.append, errors.append)
    inference.start()
    assert done.wait(10)
    queue.close()
    assert results == {0: Verdict(0.1, None), 1: None, 2: Verdict(0.3, None)}
    assert [type(error) for error in errors] == [ValueError]
