from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

import aicodelint.scanning
from aicodelint.cli.error_handler import run
from aicodelint.cli.main import cli

FILLER = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(12))
HUMAN = "def plain(value_0):\n" + FILLER
AI = "def delve(value_0):\n" + FILLER
AI_QWEN = "def delve(value_0):  # Qwen\n" + FILLER


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to scan, away from the user's own configuration, and the working directory of the test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    root = tmp_path / "repository"
    root.mkdir()
    (root / "ai.py").write_text(AI_QWEN)
    (root / "human.py").write_text(HUMAN)
    (root / "notes.md").write_text("Some words about it.\n")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def aicodelint_command(repository: Path, rule_engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command line in this process, on an engine that judges by a rule."""
    monkeypatch.setattr(aicodelint.scanning, "open_configured_engine", lambda config, *sayers: rule_engine)

    def command(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(lambda: int(cli.main(list(arguments), prog_name="aicodelint", standalone_mode=False) or 0))
        return _told(code, capsys)

    return command


def _told(code: int, capsys: pytest.CaptureFixture[str]) -> Outcome:
    """A crash has the exit code of an error that was foreseen: no test of these may take one for the other."""
    outcome = Outcome(code, *capsys.readouterr())
    assert "internal error" not in outcome.err, outcome.err
    return outcome


@pytest.fixture(scope="session")
def run_here() -> Callable[..., int]:
    """Run the command line in this process, nothing replaced; gives its exit code."""
    return lambda *arguments: run(
        lambda: int(cli.main([str(argument) for argument in arguments], prog_name="aicodelint", standalone_mode=False) or 0)
    )


@pytest.fixture
def command(
    run_here: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Outcome]:
    """``run_here`` away from the user's own configuration and caches, and what it wrote."""
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return lambda *arguments: _told(run_here(*arguments), capsys)


@pytest.fixture(scope="session")
def run_without() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own, as if ``packages`` were not installed."""

    def run_it(packages: Iterable[str], *arguments: object) -> subprocess.CompletedProcess[str]:
        script = f"import sys\nsys.modules.update(dict.fromkeys({[*packages]!r}))\nfrom aicodelint.cli.main import main\nmain()"
        words = [sys.executable, "-c", script, *map(str, arguments)]
        return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)

    return run_it
