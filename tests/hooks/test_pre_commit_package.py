"""Real pre-commit, the real package and the real model: a local clone is installed as pre-commit does it, and judges a commit."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AGENTS = ROOT / "aicodelint" / "training" / "gate.py"
PEOPLES = Path(json.__file__).with_name("decoder.py")


@pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="pre-commit is not installed")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not in a git clone")
def test_try_repo_installs_the_package_and_judges_with_its_model(repository, tmp_path: Path) -> None:
    clone = tmp_path / "aicodelint"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True, env=repository.environment)
    shutil.copy(AGENTS, repository.root / "agents.py")
    shutil.copy(PEOPLES, repository.root / "peoples.py")
    repository.git("add", "-A")
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(clone), "aicodelint"]
    done = repository.run(*command, PRE_COMMIT_HOME=str(tmp_path / "pre-commit"), AICODELINT_NO_DAEMON="1", PYTHONPATH="")
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^agents\.py:\d+:1: AIC1", done.stdout, re.MULTILINE), done.stdout
    assert "Scanned 2 files: 1 AI-generated, 1 human" in done.stdout
