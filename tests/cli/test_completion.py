from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("aicodelint")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_call_aicodelint_back(aicodelint_command, shell: str) -> None:
    outcome = aicodelint_command("completion", shell)
    assert outcome.code == 0
    assert f"_AICODELINT_COMPLETE={shell}_complete" in outcome.out


@pytest.mark.skipif(not COMMAND.exists(), reason="aicodelint is not installed beside this Python")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [(["ba"], {"baseline"}), (["scan", "--base"], {"--baseline", "--baseline-any-model"}), (["scan", "--format", "gi"], {"gitlab", "github"})],
)
def test_bash_completes_verbs_options_and_values(typed: list[str], completed: set[str]) -> None:
    words = " ".join(["aicodelint", *typed])
    environment = {**os.environ, "_AICODELINT_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(typed))}
    done = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert {line.partition(",")[2] for line in done.stdout.split()} == completed
