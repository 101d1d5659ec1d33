from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("aicodelint")
SECONDS = 60
installed = pytest.mark.skipif(not COMMAND.exists(), reason="aicodelint is not installed beside this Python")
LINES = [
    ("ba", {"baseline"}),
    ("scan --base", {"--baseline", "--baseline-any-model"}),
    ("scan --format gi", {"gitlab", "github"}),
    ("hook unin", {"uninstall"}),
]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where a shell finds this aicodelint, and nothing of the user's own settings."""
    path = os.pathsep.join((str(COMMAND.parent), os.environ["PATH"]))
    return {"PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "LANG": "C.UTF-8", "PS1": "ready> "}


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs the shell {shell}")


def shown(output: str) -> str:
    """What stands on the screen after simple movements of the cursor."""
    return re.sub(".\b", "", output.replace("\r", ""))


def typed(command: list[str], environment: dict[str, str], lines: list[str], wanted: list[str]) -> str:
    """Type ``lines`` into an interactive shell on a terminal of its own; after each, wait until what is ``wanted`` of it has appeared."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(command[0], command, environment)
    screen = ""
    try:
        for line, last in zip(lines, wanted, strict=True):
            os.write(terminal, line.encode())
            end, part = time.monotonic() + SECONDS, ""
            while last not in shown(part):
                assert time.monotonic() < end, f"{last!r} did not appear on {screen + part!r}"
                if select.select([terminal], [], [], 0.2)[0]:
                    part += os.read(terminal, 65536).decode(errors="replace")
            screen += part
    finally:
        os.close(terminal)
        os.kill(process, 9)
        os.waitpid(process, 0)
    return screen


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_call_aicodelint_back(aicodelint_command, shell: str) -> None:
    outcome = aicodelint_command("completion", shell)
    assert outcome.code == 0
    assert f"_AICODELINT_COMPLETE={shell}_complete" in outcome.out


@installed
@pytest.mark.parametrize(("line", "completed"), LINES)
def test_bash_completes_verbs_options_and_values(environment, line: str, completed: set[str]) -> None:
    words = " ".join(["aicodelint", *line.split()])
    script = (
        'eval "$(aicodelint completion bash)"\n'
        f"COMP_WORDS=({words}); COMP_CWORD={len(line.split())}; _aicodelint_completion aicodelint; "
        "printf '%s\\n' \"${COMPREPLY[@]}\"; complete -p aicodelint"
    )
    done = subprocess.run(["bash", "--norc", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=SECONDS)
    *found, registered = done.stdout.splitlines()
    assert (set(found), "-F _aicodelint_completion aicodelint" in registered) == (completed, True), done.stderr


@installed
def test_bash_completes_on_a_terminal(environment) -> None:
    lines = ['eval "$(aicodelint completion bash)"; echo on""ward\n', "aicodelint basel\tsh\t", '\x15echo do""ne\n']
    screen = typed(["bash", "--norc", "--noprofile", "-i"], environment, lines, ["onward\n", "aicodelint baseline show ", "done\n"])
    assert "command not found" not in screen


@installed
def test_zsh_completes_on_a_terminal(environment) -> None:
    needs("zsh")
    start = 'autoload -Uz compinit; compinit -u; eval "$(aicodelint completion zsh)"; echo on""ward\n'
    lines = [start, "aicodelint basel\tsh\t", "\x15aicodelint scan --format gitl\t"]
    screen = typed(["zsh", "-f", "-i"], environment, lines, ["onward\n", "aicodelint baseline show ", "scan --format gitlab"])
    assert "command not found" not in screen


@installed
@pytest.mark.parametrize(("line", "completed"), LINES)
def test_fish_completes_verbs_options_and_values(environment, line: str, completed: set[str]) -> None:
    needs("fish")
    completions = Path(environment["HOME"], ".config", "fish", "completions")
    completions.mkdir(parents=True)
    script = subprocess.run([COMMAND, "completion", "fish"], env=environment, capture_output=True, text=True, check=True, timeout=SECONDS).stdout
    (completions / "aicodelint.fish").write_text(script)
    done = subprocess.run(
        ["fish", "-c", f"complete -C 'aicodelint {line}'"], env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert {found.partition("\t")[0] for found in done.stdout.splitlines()} == completed, done.stderr
