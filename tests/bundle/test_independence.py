"""The shipped bundle: what else is scanned, in which order, by how many threads, changes no verdict."""

from __future__ import annotations

import itertools
import random
import sysconfig
from pathlib import Path

import pytest

from aicodelint.detection.bundle import default_path
from aicodelint.engine.in_process import InProcessEngine
from aicodelint.finding import Snippet, Verdict

FILES = 24


@pytest.fixture(scope="module")
def snippets() -> list[Snippet]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    paths = sorted([*folder.glob("json/*.py"), *folder.glob("email/*.py"), *folder.glob("asyncio/*.py")])
    return [Snippet(path.read_text(encoding="utf-8"), "Python") for path in paths if path.stat().st_size][:FILES]


def judge(snippets: list[Snippet], jobs: int = 1) -> list[Verdict]:
    engine = InProcessEngine.open(default_path(), jobs=jobs)
    try:
        return list(engine.judge(snippets))
    finally:
        engine.close()


def test_files_are_judged_alike_alone_and_together(snippets: list[Snippet]) -> None:
    together = judge(snippets)
    engine = InProcessEngine.open(default_path(), jobs=1)
    assert [next(engine.judge([snippet])) for snippet in snippets] == together
    assert any(len(verdict.windows) > 1 for verdict in together), "no file was long enough to have several windows"


def test_order_and_threads_change_nothing(snippets: list[Snippet]) -> None:
    expected = dict(zip((snippet.text for snippet in snippets), judge(snippets), strict=True))
    shuffled = random.Random(3).sample(snippets, len(snippets))
    found = dict(zip((snippet.text for snippet in shuffled), judge(shuffled, jobs=3), strict=True))
    assert found == expected


def test_windows_cover_every_line_of_the_body(snippets: list[Snippet]) -> None:
    for snippet, verdict in zip(snippets, judge(snippets), strict=True):
        if not verdict.windows:
            continue
        windows = verdict.windows
        assert windows[-1].end_line == len(snippet.text.rstrip("\n").split("\n"))
        for before, after in itertools.pairwise(windows):
            assert after.start_line in {before.end_line, before.end_line + 1}


def test_probabilities_are_rounded_and_sum_to_at_most_one(snippets: list[Snippet]) -> None:
    for verdict in judge(snippets):
        assert verdict.p_ai == round(verdict.p_ai, 4)
        if verdict.families is not None:
            assert 0 <= sum(verdict.families) <= 1.001
