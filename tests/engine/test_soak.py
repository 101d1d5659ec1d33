"""Many requests from many clients at once: no answer is lost or swapped, and the daemon's memory stays flat."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from daemon_world import World, expected

from aicodelint.detection.bundle import Bundle
from aicodelint.engine.client import DaemonSession
from aicodelint.engine.verdict_json import verdict_to_json
from aicodelint.finding import Snippet

CLIENTS = 8
REQUESTS = int(os.environ.get("AICODELINT_SOAK_REQUESTS", "4000"))
ROUNDS = 4


def ask_for(world: World, client: int, round_number: int) -> None:
    """Ask for texts of many lengths, some of them those of other clients, and compare each answer with what is right."""
    count = REQUESTS // CLIENTS // ROUNDS
    snippets = [Snippet(f"{number % 3 or client} {number} {round_number}\n" * (number * 7 % 400), "Python") for number in range(count)]
    session = DaemonSession(world.meeting.socket_path, Bundle.open(world.bundle).model, "cpu", fresh=client % 2 == 0)
    try:
        answers = [list(verdict_to_json(verdict)) for verdict in session.judge(iter(snippets))]
    finally:
        session.close()
    for answer, right in zip(answers, expected(snippets), strict=True):
        assert [answer[0], list(answer[1])] == right[:2]


def test_no_answer_is_lost_or_swapped_and_memory_stays_flat(world: World) -> None:
    pid = world.start_daemon()
    assert world.meeting  # sets the environment before the threads read it
    memory = []
    with ThreadPoolExecutor(CLIENTS) as clients:
        for round_number in range(ROUNDS):
            list(clients.map(lambda client: ask_for(world, client, round_number), range(CLIENTS)))  # noqa: B023
            status = world.status()
            assert status is not None and status["pid"] == pid
            memory.append(status["memory_bytes"])
    assert status["requests"] >= REQUESTS
    assert status["queue"] == 0
    print(f"{status['requests']} requests in {status['batches']} batches; MiB after each round: {[size >> 20 for size in memory]}")
    assert memory[-1] - memory[0] < 24 << 20, "what it remembers is bounded, and nothing else may grow"
