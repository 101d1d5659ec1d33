from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aicodelint.engine import cache as cache_module
from aicodelint.engine.cache import VerdictCache, cache_info, cache_path, clear_cache
from aicodelint.finding import Snippet, Verdict, WindowVerdict
from aicodelint.model import Model, Thresholds

MODEL = Model("m", "f1", ("A", "B"), Thresholds(0.9, 0.5, 0.5))
VERDICT = Verdict(0.9731, (0.25, 0.75), (WindowVerdict(1, 9, 0.9, (0.5, 0.5)), WindowVerdict(10, 12, 0.1, None)))
SNIPPET = Snippet("print('secret text')\n", "Python")

WRITER = """
import sys
from pathlib import Path
from aicodelint.engine.cache import VerdictCache
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model, Thresholds
cache = VerdictCache(Model("m", "f1", ("A", "B"), Thresholds(0.9, 0.5, 0.5)), Path(sys.argv[1]), lambda text: sys.exit(text))
number = 0
while number < int(sys.argv[3]):
    for _ in range(50):
        cache.put(cache.key(Snippet(f"{sys.argv[2]} {number}", None)), Verdict(number % 100 / 100, None))
        number += 1
    cache.commit()
    print(number, flush=True)
cache.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "verdicts.sqlite"


@pytest.fixture
def cache(path: Path) -> Iterator[VerdictCache]:
    cache = VerdictCache(MODEL, path, pytest.fail)
    yield cache
    cache.close()


def test_a_verdict_is_found_again_by_the_next_process(cache: VerdictCache, path: Path) -> None:
    key = cache.key(SNIPPET)
    assert cache.get(key) is None
    cache.put(key, VERDICT)
    assert cache.get(key) == VERDICT
    cache.close()
    assert VerdictCache(MODEL, path).get(key) == VERDICT


def test_no_source_text_reaches_the_file(cache: VerdictCache, path: Path) -> None:
    cache.put(cache.key(SNIPPET), VERDICT)
    cache.close()
    assert b"secret" not in path.read_bytes()
    assert path.parent.stat().st_mode & 0o077 == 0


def test_the_key_depends_on_everything_the_verdict_depends_on(cache: VerdictCache, monkeypatch: pytest.MonkeyPatch) -> None:
    other_model = VerdictCache(Model("m", "f2", ("A", "B"), MODEL.thresholds))
    keys = {cache.key(SNIPPET), cache.key(Snippet(SNIPPET.text, None)), cache.key(Snippet("x", "Python")), other_model.key(SNIPPET)}
    monkeypatch.setattr(cache_module, "__version__", "99")
    keys.add(VerdictCache(MODEL).key(SNIPPET))
    assert len(keys) == 5
    assert cache.key(Snippet("bc", "a")) != cache.key(Snippet("c", "ab"))
    assert cache.key(Snippet("\ud800", None)) != cache.key(Snippet("?", None))


def test_the_size_is_limited_and_the_recently_used_stay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 200_000
    filler = Verdict(0.5, None, tuple(WindowVerdict(n, n, 0.5, (0.5, 0.5)) for n in range(1, 50)))
    for day in range(8):
        monkeypatch.setattr(cache_module.time, "time", lambda day=day: day * 86400.0)
        cache = VerdictCache(MODEL, path, pytest.fail, limit)
        cache.put(cache.key(SNIPPET), VERDICT) if day == 0 else None
        assert cache.get(cache.key(SNIPPET)) == VERDICT, f"used every day, but gone on day {day}"
        for number in range(60):
            cache.put(cache.key(Snippet(f"{day} {number}", None)), filler)
            cache.commit()
        cache.close()
        assert path.stat().st_size < limit * 1.2
    assert VerdictCache(MODEL, path).get(cache.key(Snippet("0 3", None))) is None


def test_a_corrupt_file_is_ignored_with_one_warning_until_it_is_cleared(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 1000)
    warnings: list[str] = []
    cache = VerdictCache(MODEL, path, warnings.append)
    for number in range(3):
        key = cache.key(Snippet(str(number), None))
        assert cache.get(key) is None
        cache.put(key, VERDICT)
    cache.close()
    assert len(warnings) == 1 and "cache clear" in warnings[0]
    clear_cache(path)
    fresh = VerdictCache(MODEL, path, pytest.fail)
    fresh.put(key, VERDICT)
    fresh.close()
    assert cache_info(path).entries == 1


def test_a_file_damaged_in_the_middle_is_ignored_too(cache: VerdictCache, path: Path) -> None:
    for number in range(500):
        cache.put(cache.key(Snippet(str(number), None)), VERDICT)
    cache.close()
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)
    warnings: list[str] = []
    damaged = VerdictCache(MODEL, path, warnings.append)
    assert all(damaged.get(damaged.key(Snippet(str(number), None))) in (None, VERDICT) for number in range(500))
    damaged.put(b"k" * 32, VERDICT)
    damaged.close()
    assert len(warnings) == 1
    clear_cache(path)
    assert cache_info(path).entries == 0


def test_a_row_that_holds_no_verdict_is_a_miss(cache: VerdictCache, path: Path) -> None:
    key = cache.key(SNIPPET)
    cache.put(key, VERDICT)
    cache.commit()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE verdicts SET verdict = '[0.5'")
    connection.close()
    assert cache.get(key) is None


def test_a_file_that_cannot_be_written_warns_once(path: Path) -> None:
    path.parent.mkdir()
    VerdictCache(MODEL, path).close()
    warnings: list[str] = []
    cache = VerdictCache(MODEL, path, warnings.append)
    cache.put(cache.key(SNIPPET), VERDICT)
    cache.commit()
    assert cache._connection is not None
    cache._connection.execute("PRAGMA max_page_count = 1")  # what a full disk looks like to SQLite
    for number in range(500):
        cache.put(cache.key(Snippet(str(number), None)), VERDICT)
    cache.commit()
    assert cache.get(cache.key(SNIPPET)) is None
    assert len(warnings) == 1 and "full" in warnings[0]


def test_a_directory_that_cannot_be_made_warns_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warnings: list[str] = []
    cache = VerdictCache(MODEL, tmp_path / "file" / "verdicts.sqlite", warnings.append)
    assert cache.get(cache.key(SNIPPET)) is None
    cache.put(cache.key(SNIPPET), VERDICT)
    cache.close()
    assert len(warnings) == 1


def test_writers_at_once_lose_nothing(path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(n), "400"], stdout=subprocess.DEVNULL) for n in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    cache = VerdictCache(MODEL, path, pytest.fail)
    for writer in range(4):
        for number in range(400):
            assert cache.get(cache.key(Snippet(f"{writer} {number}", None))) == Verdict(number % 100 / 100, None)


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(path: Path) -> None:
    for round_number in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(round_number), "100000000"], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(1 + round_number * 3):
                committed = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
        cache = VerdictCache(MODEL, path, pytest.fail)
        assert all(cache.get(cache.key(Snippet(f"{round_number} {n}", None))) == Verdict(n % 100 / 100, None) for n in range(committed))
        cache.close()
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def test_clearing_empties_a_cache_others_have_open(cache: VerdictCache, path: Path) -> None:
    cache.put(cache.key(SNIPPET), VERDICT)
    cache.commit()
    assert cache_info(path).entries == 1
    clear_cache(path)
    assert cache_info(path).entries == 0
    assert cache.get(cache.key(SNIPPET)) is None
    cache.put(cache.key(SNIPPET), VERDICT)
    cache.commit()
    assert cache_info(path).entries == 1


def test_it_lies_in_the_directory_that_was_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AICODELINT_CACHE_DIR", str(tmp_path))
    assert cache_path() == tmp_path / "verdicts.sqlite"
