"""Small real git repositories and directories to discover files in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.finding import SourceFile

CODE = '"""Adds numbers."""\n\n\ndef add(first, second):\n    """Return the sum."""\n    return first + second\n'


@dataclass
class Repo:
    """A work tree in which git can be run and files can be written."""

    root: Path

    def git(self, *arguments: str, check: bool = True, **environment: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            check=check,
            capture_output=True,
            env={**os.environ, **environment},
            text=True,
            errors="surrogateescape",
        )
        return done.stdout

    def write(self, name: str, content: str | bytes = CODE) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def reasons(self, files: Iterable[SourceFile]) -> dict[str, str | None]:
        """Return path to reason, and see that each path comes once and in order, with a text or a reason."""
        found = list(files)
        assert [file.path for file in found] == sorted({file.path for file in found})
        assert all((file.text is None) != (file.reason is None) for file in found)
        return {file.path: file.reason for file in found}

    def options(self, **changes: object) -> DiscoveryOptions:
        return DiscoveryOptions(cwd=self.root, **changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def clean_git(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests' git from the settings and the repository of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\nname = Test\nemail = test@example.com\n[init]\ndefaultBranch = main\n[core]\nautocrlf = false\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def folder(tmp_path: Path) -> Repo:
    """A directory that is no repository."""
    root = tmp_path / "folder"
    root.mkdir()
    return Repo(root)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository without any commit."""
    root = tmp_path / "repo"
    root.mkdir()
    made = Repo(root)
    made.git("init", "-q")
    return made
