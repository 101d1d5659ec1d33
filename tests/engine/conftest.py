from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "support"))

from daemon_world import World, copy_package

from aicodelint.finding import Snippet


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_package(tmp_path_factory.mktemp("site"))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, site: Path) -> Iterator[World]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    world = World(Path(tempfile.mkdtemp(prefix="aic-", dir="/tmp")), site)  # a short path: pytest's are too long for a socket
    yield world
    world.end()


@pytest.fixture
def snippets() -> list[Snippet]:
    return [Snippet(f"text {number}\n" * (number % 7), "Python" if number % 2 else None) for number in range(150)]
