from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aicodelint.engine.cache_directory import cache_directory


def test_the_directory_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AICODELINT_CACHE_DIR", str(tmp_path))
    assert cache_directory() == tmp_path
    monkeypatch.delenv("AICODELINT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert cache_directory() == tmp_path / "xdg" / "aicodelint"
