from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "support"))

from daemon_world import site, world

from aicodelint.finding import Snippet

__all__ = ["site", "world"]


@pytest.fixture
def snippets() -> list[Snippet]:
    return [Snippet(f"text {number}\n" * (number % 7), "Python" if number % 2 else None) for number in range(150)]
