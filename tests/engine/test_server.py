"""The server's first moments: whatever comes before it has served anyone, it ends in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aicodelint.engine.batching import Judge
from aicodelint.engine.life import Life, Retirement
from aicodelint.engine.server import Server, Service

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no daemon there")
SECONDS = 10.0


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.chdir(tmp_path)  # a short name: pytest's paths are too long for a socket
    with socket.socket(socket.AF_UNIX) as found:
        found.bind("sock")
        found.listen()
        found.setblocking(False)
        yield found


def served(listening: socket.socket, load: Callable[[], Judge]) -> tuple[Retirement, list[Retirement]]:
    """Return why a server that loads its model with ``load`` ended, and what it told who gives its place free."""
    left: list[Retirement] = []

    async def run() -> Retirement:
        service = Service({"protocol": 1}, "none", "nowhere")
        server = Server(service, load, Life(lambda: False, lambda: True), lambda message: None, lambda message, error: None)
        return await asyncio.wait_for(server.serve(listening, left.append), SECONDS)

    return asyncio.run(run()), left


def test_a_model_that_cannot_be_loaded_ends_it_at_once(listening: socket.socket) -> None:
    def load() -> Judge:
        raise ValueError("no model today")

    retirement, left = served(listening, load)
    assert retirement.reason.startswith("crashed")
    assert left == [retirement]


def test_a_signal_before_anyone_was_served_ends_it(listening: socket.socket) -> None:
    loading = threading.Event()

    def load() -> Judge:
        os.kill(os.getpid(), signal.SIGTERM)
        loading.wait(SECONDS)
        raise ValueError("too late")

    try:
        retirement, left = served(listening, load)
    finally:
        loading.set()
    assert retirement == Retirement("SIGTERM")
    assert left == [retirement]
