from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aicodelint.engine.cache import VerdictCache, cache_path
from aicodelint.finding import Verdict
from aicodelint.model import Model, Thresholds


@pytest.fixture(autouse=True)
def filled_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AICODELINT_CACHE_DIR", str(tmp_path / "cache"))
    cache = VerdictCache(Model("m", "f", ("A",), Thresholds(0.9, 0.5, 0.5)), warn=pytest.fail)
    cache.put(b"k" * 32, Verdict(0.5, None))
    cache.close()
    return cache_path()


def test_info_tells_what_is_there(aicodelint_command: Callable, filled_cache: Path) -> None:
    code, out, err = aicodelint_command("cache", "info")
    assert (code, err) == (0, "")
    assert str(filled_cache) in out and "1 verdicts" in out
    said = json.loads(aicodelint_command("cache", "info", "--format", "json").out)
    assert said == {"path": str(filled_cache), "entries": 1, "bytes": filled_cache.stat().st_size, "limit_bytes": 64 << 20}


def test_clear_forgets_all(aicodelint_command: Callable) -> None:
    assert aicodelint_command("cache", "clear") == (0, "cleared\n", "")
    assert json.loads(aicodelint_command("cache", "info", "--format", "json").out)["entries"] == 0


def test_a_corrupt_cache_is_an_error_of_one_line_until_it_is_cleared(aicodelint_command: Callable, filled_cache: Path) -> None:
    filled_cache.write_bytes(b"no database" * 1000)
    code, out, err = aicodelint_command("cache", "info")
    assert (code, out) == (2, "") and err.startswith("error: ") and err.count("\n") == 1
    assert aicodelint_command("cache", "clear").code == 0
    assert aicodelint_command("cache", "info").code == 0


def test_no_cache_yet_is_an_empty_one(aicodelint_command: Callable, filled_cache: Path) -> None:
    filled_cache.unlink()
    assert aicodelint_command("cache", "clear").code == 0
    assert json.loads(aicodelint_command("cache", "info", "--format", "json").out)["entries"] == 0
    assert not filled_cache.exists()
