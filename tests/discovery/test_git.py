from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from aicodelint.discovery.git import find_repository
from aicodelint.errors import GitError


@pytest.fixture
def dying_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git whose ``cat-file`` ends before it was asked anything."""
    real = shutil.which("git")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\ncase " $* " in *" cat-file "*) exit 1;; esac\nexec {real} "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_cat_file_that_died_is_told_as_an_error_of_git(repo: Any, dying_git: None) -> None:
    found = find_repository(str(repo.root))
    assert found is not None
    with pytest.raises(GitError, match="cat-file ended early"), found.blobs() as blobs:
        blobs.read("0" * 40, 10)
