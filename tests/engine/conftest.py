from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "support"))

from daemon_world import World  # noqa: E402

from aicodelint.finding import Snippet  # noqa: E402


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    world = World(Path(tempfile.mkdtemp(prefix="aic-", dir="/tmp")))  # a short path: pytest's are too long for a socket
    yield world
    world.end()


@pytest.fixture
def snippets() -> list[Snippet]:
    return [Snippet(f"text {number}\n" * (number % 7), "Python" if number % 2 else None) for number in range(150)]
