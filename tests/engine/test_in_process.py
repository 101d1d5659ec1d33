"""The engine in this process lets go of all that it took."""

from __future__ import annotations

import threading
from pathlib import Path

from aicodelint.detection.bundle import default_path
from aicodelint.engine.in_process import InProcessEngine
from aicodelint.finding import Snippet

PACKAGE = Path(__file__).parent.parent.parent / "aicodelint"


def encoding_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("encode")]


def test_no_thread_is_left_when_it_is_closed() -> None:
    before = encoding_threads()
    engine = InProcessEngine.open(default_path(), jobs=3)
    snippets = [Snippet(path.read_text(encoding="utf-8"), "Python") for path in sorted(PACKAGE.glob("engine/*.py"))]
    first = list(engine.judge(snippets))
    assert len(encoding_threads()) > len(before)
    engine.close()
    assert encoding_threads() == before
    assert list(engine.judge(snippets)) == first, "it loads the model again"
    engine.close()
    engine.close()
