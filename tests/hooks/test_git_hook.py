from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aicodelint.git_hook import BEGIN, hook_script

ROOT = Path(__file__).resolve().parents[2]
FILLER = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(12))
HUMAN = "def plain(value_0):\n" + FILLER
AI = "def delve(value_0):  # Qwen\n" + FILLER


def test_the_hook_to_copy_is_the_one_that_is_installed() -> None:
    assert (ROOT / "hooks" / "pre-commit").read_text() == hook_script()
    assert (ROOT / "hooks" / "pre-commit").stat().st_mode & 0o111


def test_a_failing_and_a_passing_commit(repository) -> None:
    assert repository.aicodelint("hook", "install").returncode == 0
    repository.write("a.py", AI)
    repository.git("add", "a.py")
    stopped = repository.run("git", "commit", "-m", "x")
    assert stopped.returncode == 1
    assert "a.py:1:1: AIC102" in stopped.stdout + stopped.stderr
    assert "git commit --no-verify" in stopped.stderr
    repository.write("a.py", HUMAN)
    assert repository.run("git", "commit", "-m", "x").returncode == 1, "the index still holds what looks AI-generated"
    repository.git("add", "a.py")
    assert repository.run("git", "commit", "-m", "x").returncode == 0


def test_commit_all_and_partial_commits_are_judged_by_their_own_index(repository) -> None:
    repository.commit(a_py=HUMAN, b_py=HUMAN)
    assert repository.aicodelint("hook", "install").returncode == 0
    repository.write("a.py", AI)
    repository.write("b.py", HUMAN + "# more\n")
    assert repository.run("git", "commit", "-m", "x", "b.py").returncode == 0
    assert repository.run("git", "commit", "-a", "-m", "x").returncode == 1


def test_no_link_beside_the_hook_is_written_through(repository) -> None:
    precious = repository.root / "precious"
    precious.write_text("mine")
    hooks = repository.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "pre-commit.aicodelint-part").symlink_to(precious)
    assert repository.aicodelint("hook", "install").returncode == 0
    assert precious.read_text() == "mine"
    assert (hooks / "pre-commit").stat().st_mode & 0o111


def test_report_lets_the_commit_pass(repository) -> None:
    assert repository.aicodelint("hook", "install", "--report").returncode == 0
    repository.write("a.py", AI)
    repository.git("add", "a.py")
    passed = repository.run("git", "commit", "-m", "x")
    assert passed.returncode == 0
    assert "AIC102" in passed.stdout + passed.stderr


def test_options_after_the_dashes_reach_the_scan_unharmed(repository) -> None:
    assert repository.aicodelint("hook", "install", "--", "--exclude", "it's $HOME *.py", "--threshold", "0.99").returncode == 0
    assert "--exclude 'it'\"'\"'s $HOME *.py' --threshold 0.99" in (repository.root / ".git/hooks/pre-commit").read_text()
    repository.write("a.py", AI)
    repository.git("add", "a.py")
    assert repository.run("git", "commit", "-m", "x").returncode == 0


def test_an_existing_shell_hook_still_runs_and_comes_back_as_it_was(repository) -> None:
    theirs = '#!/usr/bin/env bash\nset -eu\necho "theirs $0"\nexit 0\n'
    hook = repository.write(".git/hooks/pre-commit", theirs)
    hook.chmod(0o700)
    assert repository.aicodelint("hook", "install").returncode == 0
    assert repository.aicodelint("hook", "install", "--report").returncode == 0
    assert hook.read_text().count(BEGIN) == 1
    repository.write("a.py", AI)
    repository.git("add", "a.py")
    done = repository.run("git", "commit", "-m", "x")
    assert done.returncode == 0
    assert "AIC102" in done.stdout + done.stderr
    assert "theirs .git/hooks/pre-commit" in done.stdout + done.stderr
    assert repository.aicodelint("hook", "uninstall").returncode == 0
    assert (hook.read_text(), hook.stat().st_mode & 0o777) == (theirs, 0o700)


def test_uninstall_takes_away_what_was_ours_alone_and_says_when_there_is_nothing(repository) -> None:
    hook = repository.root / ".git/hooks/pre-commit"
    repository.aicodelint("hook", "install")
    assert hook.exists()
    repository.aicodelint("hook", "uninstall")
    assert not hook.exists()
    again = repository.aicodelint("hook", "uninstall")
    assert (again.returncode, again.stderr.startswith("nothing of aicodelint in ")) == (0, True)


@pytest.mark.parametrize("theirs", ["#!/usr/bin/env python3\nprint(1)\n", "#!/usr/bin/fish\necho 1\n", "\x7fELF\x00"])
def test_a_hook_that_is_no_shell_script_is_left_alone(repository, theirs: str) -> None:
    hook = repository.write(".git/hooks/pre-commit", theirs)
    refused = repository.aicodelint("hook", "install")
    assert (refused.returncode, "not a shell script" in refused.stderr) == (2, True)
    assert hook.read_text() == theirs


def test_a_linked_hook_is_left_alone(repository) -> None:
    script = repository.write("scripts/hook", "#!/bin/sh\n")
    (repository.root / ".git/hooks/pre-commit").symlink_to(script)
    assert "symbolic link" in repository.aicodelint("hook", "install").stderr
    assert script.read_text() == "#!/bin/sh\n"


def test_a_hooks_path_of_the_repository_is_heeded(repository) -> None:
    repository.git("config", "core.hooksPath", ".githooks")
    assert repository.aicodelint("hook", "install").returncode == 0
    assert (repository.root / ".githooks/pre-commit").exists()
    assert not (repository.root / ".git/hooks/pre-commit").exists()


def test_a_hooks_path_of_the_user_is_not_touched_unless_told(repository, tmp_path: Path) -> None:
    repository.git("config", "--global", "core.hooksPath", str(tmp_path / "for all"))
    refused = repository.aicodelint("hook", "install")
    assert (refused.returncode, "--shared" in refused.stderr) == (2, True)
    assert not (tmp_path / "for all").exists()
    assert repository.aicodelint("hook", "install", "--shared").returncode == 0
    assert (tmp_path / "for all" / "pre-commit").exists()


def test_a_worktree_has_the_hooks_of_its_repository(repository, tmp_path: Path) -> None:
    repository.commit(a_py=HUMAN)
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"))
    done = repository.run("sh", "-c", f"cd '{tmp_path / 'tree'}' && aicodelint hook install")
    assert done.returncode == 0, done.stderr
    assert (repository.root / ".git/hooks/pre-commit").exists()


def test_the_hook_finds_its_own_aicodelint_without_a_path_and_nothing_of_the_repository(repository) -> None:
    repository.aicodelint("hook", "install")
    assert f"aicodelint={repository.bin}/aicodelint" in (repository.root / ".git/hooks/pre-commit").read_text()
    repository.write("aicodelint/__main__.py", "raise SystemExit('hijacked')\n")
    repository.write("a.py", HUMAN)
    repository.git("add", "-A")
    bare = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = repository.run("git", "commit", "-m", "x", PATH=bare)
    assert (done.returncode, "hijacked" in done.stderr) == (0, False), done.stderr


def test_outside_a_repository_it_says_so(repository, tmp_path: Path) -> None:
    done = repository.run("sh", "-c", f"cd '{tmp_path}' && aicodelint hook install")
    assert (done.returncode, done.stderr.startswith("error: not inside a git repository")) == (2, True)


def test_isolated_does_not_heed_attributes_either(repository) -> None:
    """A change that one does not trust could otherwise call its own files generated or vendored."""
    repository.commit(a_py=HUMAN)
    repository.write(".gitattributes", "a.py linguist-generated\nb.py linguist-vendored\n")
    repository.write("a.py", AI)
    repository.write("b.py", AI)
    repository.git("add", "-A")
    for request in (["--staged"], ["--diff", "HEAD"], ["."], ["a.py"]):
        assert repository.aicodelint("scan", *request).returncode == 0, request
        judged = repository.aicodelint("scan", "--isolated", *request)
        assert judged.returncode == 1, request
        assert "a.py:1:1: AIC102" in judged.stdout
