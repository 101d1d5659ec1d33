from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILLER = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(12))
HUMAN = "def plain(value_0):\n" + FILLER
AI = "def delve(value_0):  # Qwen\n" + FILLER
ON_A_RULE = """#!{python}
import importlib.util, sys
spec = importlib.util.spec_from_file_location("rules_of_tests", {conftest!r})
rules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rules)
import aicodelint.scanning
aicodelint.scanning.open_configured_engine = lambda config, *args, **more: rules.RuleEngine()
from aicodelint.cli.main import main
main()
"""


class Repository:
    """A real git repository, on whose PATH ``aicodelint`` judges by the rule of tests/conftest.py."""

    def __init__(self, root: Path, bin_directory: Path) -> None:
        self.root = root
        self.bin = bin_directory
        home = bin_directory.parent / "home"
        for directory in (root, bin_directory, home):
            directory.mkdir(parents=True, exist_ok=True)
        command = bin_directory / "aicodelint"
        command.write_text(ON_A_RULE.format(python=sys.executable, conftest=str(ROOT / "tests" / "conftest.py")))
        command.chmod(0o755)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "CI", "XDG_", "AICODELINT_"))},
            "PATH": os.pathsep.join((str(bin_directory), str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        self.git("init", "-q", "-b", "main")

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.root, env={**self.environment, **environment}, capture_output=True, text=True, check=False, timeout=600
        )
        return done

    def git(self, *arguments: str) -> str:
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def aicodelint(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("aicodelint", *arguments)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit(self, **files: str) -> str:
        """Commit files past every hook; ``a_py`` stands for ``a.py``. Return the commit."""
        for name, text in files.items():
            self.write(name.replace("_", "."), text)
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", tmp_path / "bin")


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[str], Repository]:
    return lambda name: Repository(tmp_path / name, tmp_path / "bin")
