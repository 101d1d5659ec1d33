from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
FILLER = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(12))
HUMAN = "def plain(value_0):\n" + FILLER
AI = "def delve(value_0):  # Qwen\n" + FILLER
has_pre_commit = pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="pre-commit is not installed")


@pytest.fixture(scope="session")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in miniature: the hooks as they are, and a package ``aicodelint`` that runs the checkout on the rule of tests/conftest.py.

    The real package takes minutes to install, with its model and runtime; what pre-commit makes of the hooks does not depend on that.
    """
    root = tmp_path_factory.mktemp("hooks") / "aicodelint"
    root.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", root)
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "aicodelint"\nversion = "0"\n[project.scripts]\naicodelint = "on_a_rule:main"\n'
        '[tool.setuptools]\npy-modules = ["on_a_rule"]\n'
    )
    (root / "on_a_rule.py").write_text(
        f"import subprocess, sys\ndef main():\n    sys.exit(subprocess.call([{sys.executable!r}, {str(root / 'run.py')!r}, *sys.argv[1:]]))\n"
    )
    (root / "run.py").write_text(
        "import importlib.util, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"spec = importlib.util.spec_from_file_location('rules_of_tests', {str(ROOT / 'tests' / 'conftest.py')!r})\n"
        "rules = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(rules)\n"
        "import aicodelint.scanning\n"
        "aicodelint.scanning.open_configured_engine = lambda config, *args, **more: rules.RuleEngine()\n"
        "from aicodelint.cli.main import main\nmain()\n"
    )
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "x")
    return root


def git(root: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(["git", *arguments], cwd=root, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def pre_commit_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit-home")


@pytest.fixture
def config(hook_repository: Path, tmp_path: Path) -> Path:
    """A configuration of pre-commit with both hooks."""
    config = tmp_path / "config.yaml"
    hooks = "".join(f"      - id: {hook['id']}\n" for hook in HOOKS)
    revision = git(hook_repository, "rev-parse", "HEAD").strip()
    config.write_text(f"repos:\n  - repo: {hook_repository}\n    rev: {revision}\n    hooks:\n{hooks}")
    return config


@pytest.fixture
def pre_commit(repository, config: Path, pre_commit_home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a hook by the real pre-commit, in the repository of the test; its environment is made once."""

    def run(hook: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "run", "--config", str(config), hook, *arguments]
        return repository.run(*command, PRE_COMMIT_HOME=str(pre_commit_home), **environment)

    return run


def test_both_hooks_and_what_they_promise() -> None:
    by_id = {hook["id"]: hook for hook in HOOKS}
    assert set(by_id) == {"aicodelint", "aicodelint-report"}
    for hook in HOOKS:
        assert hook["require_serial"] is True
        assert hook["language"] == "python"
        assert "--force-exclude" in hook["entry"]
        assert hook["minimum_pre_commit_version"] == "2.9.2"
    assert "--exit-zero" not in by_id["aicodelint"]["entry"]
    assert "--exit-zero" in by_id["aicodelint-report"]["entry"]


@has_pre_commit
def test_every_judged_language_reaches_the_hook() -> None:
    from identify.extensions import EXTENSIONS
    from identify.identify import ALL_TAGS

    from aicodelint.discovery.language import language_by_name
    from aicodelint.discovery.names import SUPPORTED

    types = set(HOOKS[0]["types_or"])
    assert types <= ALL_TAGS
    judged = {name for name in EXTENSIONS if language_by_name(f"x.{name}") in SUPPORTED}
    assert len(judged) > 20
    assert {name for name in judged if not EXTENSIONS[name] & types} == set()


@has_pre_commit
def test_try_repo(repository, hook_repository: Path, pre_commit_home: Path) -> None:
    repository.commit(ai_py=AI)
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hook_repository), "aicodelint", "--all-files"]
    done = repository.run(*command, PRE_COMMIT_HOME=str(pre_commit_home))
    assert (done.returncode, "ai.py:1:1: AIC102" in done.stdout) == (1, True), done.stdout


@has_pre_commit
def test_a_failing_and_a_passing_run(repository, pre_commit) -> None:
    repository.commit(human_py=HUMAN, notes_md="words\n")
    assert pre_commit("aicodelint", "--all-files").returncode == 0
    repository.commit(ai_py=AI)
    failed = pre_commit("aicodelint", "--all-files")
    assert failed.returncode == 1
    assert "ai.py:1:1: AIC102" in failed.stdout
    assert "Scanned 2 files" in failed.stdout, "one process judges all files, and Markdown does not reach it"
    reported = pre_commit("aicodelint-report", "--all-files")
    assert reported.returncode == 0
    assert "ai.py:1:1: AIC102" in reported.stdout


@has_pre_commit
def test_the_index_is_judged_and_not_the_work_tree(repository, pre_commit) -> None:
    repository.commit(a_py=HUMAN)
    repository.write("a.py", AI)
    repository.git("add", "a.py")
    repository.write("a.py", HUMAN)
    staged = pre_commit("aicodelint")
    assert (staged.returncode, "a.py:1:1: AIC102" in staged.stdout) == (1, True)
    repository.git("add", "a.py")
    repository.write("a.py", AI)
    assert pre_commit("aicodelint", "--files", "a.py").returncode == 1
    assert pre_commit("aicodelint").returncode == 0


@has_pre_commit
def test_a_range_of_commits(repository, pre_commit) -> None:
    first = repository.commit(old_py=AI)
    second = repository.commit(new_py=HUMAN)
    assert pre_commit("aicodelint", "--from-ref", first, "--to-ref", second).returncode == 0
    third = repository.commit(newer_py=AI)
    found = pre_commit("aicodelint", "--from-ref", first, "--to-ref", third)
    assert found.returncode == 1
    assert "newer.py" in found.stdout
    assert "old.py" not in found.stdout


@has_pre_commit
def test_excludes_are_heeded_when_files_are_handed_over(repository, pre_commit) -> None:
    repository.commit(ai_py=AI, pyproject_toml='[tool.aicodelint]\nexclude = ["ai.py"]\n')
    assert pre_commit("aicodelint", "--all-files").returncode == 0


@has_pre_commit
def test_many_files_come_in_one_batch_and_in_one_order(repository, pre_commit) -> None:
    repository.commit(**{f"f{number:03}_py": AI.replace("delve", f"delve_{number}") for number in range(150)})
    first, second = (pre_commit("aicodelint", "--all-files").stdout for _ in range(2))
    assert first.count("Scanned 150 files") == 1
    lines = [line for line in first.splitlines() if "AIC102" in line]
    assert lines == sorted(lines)
    assert lines == [line for line in second.splitlines() if "AIC102" in line]


@has_pre_commit
def test_batches_over_several_processes_find_the_same(repository, pre_commit, config: Path) -> None:
    """Whoever overrides ``require_serial`` gets pre-commit's shuffled batches: every finding still comes once, and the run still fails."""
    text = config.read_text()
    config.write_text(text.replace("- id: aicodelint\n", "- id: aicodelint\n        require_serial: false\n", 1))
    assert config.read_text() != text
    names = [f"f{number:03}.py" for number in range(150)]
    repository.commit(**{name.replace(".", "_"): AI.replace("delve", f"delve_{name[1:4]}") for name in names})
    split = pre_commit("aicodelint", "--all-files")
    assert split.returncode == 1
    scanned = [int(line.split()[1]) for line in split.stdout.splitlines() if line.startswith("Scanned ")]
    assert sum(scanned) == 150
    assert len(scanned) > 1 or len(os.sched_getaffinity(0)) == 1, "pre-commit made one batch of it: this test shows nothing"
    assert sorted(line.partition(":")[0] for line in split.stdout.splitlines() if "AIC102" in line) == names


@has_pre_commit
def test_a_commit_is_stopped_and_another_passes(repository, config: Path, pre_commit_home: Path) -> None:
    home = {"PRE_COMMIT_HOME": str(pre_commit_home)}
    repository.commit(a_py=HUMAN)
    installed = repository.run(sys.executable, "-m", "pre_commit", "install", "--config", str(config), **home)
    assert installed.returncode == 0, installed.stderr
    before = repository.git("rev-parse", "HEAD")
    repository.write("a.py", AI)
    repository.git("add", "a.py")
    repository.write("a.py", HUMAN)
    stopped = repository.run("git", "commit", "-m", "x", **home)
    assert (stopped.returncode, "a.py:1:1: AIC102" in stopped.stdout + stopped.stderr) == (1, True), stopped.stderr
    assert repository.git("rev-parse", "HEAD") == before
    assert (repository.root / "a.py").read_text() == HUMAN, "the work tree is as it was"
    repository.write("a.py", "# one more line\n" + HUMAN)
    repository.git("add", "a.py")
    repository.write("a.py", AI)
    passed = repository.run("git", "commit", "-m", "x", **home)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert repository.git("show", "HEAD:a.py") == "# one more line\n" + HUMAN
    assert (repository.root / "a.py").read_text() == AI


@has_pre_commit
def test_an_unrelated_environment_that_is_active_does_not_matter(repository, pre_commit, tmp_path: Path) -> None:
    """The hook runs from pre-commit's own environment, whatever Python and whatever other aicodelint come first on PATH."""
    active = tmp_path / "active"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(active)], check=True)
    decoy = active / "bin" / "aicodelint"
    decoy.write_text("#!/bin/sh\necho decoy\nexit 97\n")
    decoy.chmod(0o755)
    repository.commit(ai_py=AI)
    path = os.pathsep.join((str(active / "bin"), repository.environment["PATH"]))
    assert repository.run("aicodelint", PATH=path).returncode == 97
    done = pre_commit("aicodelint", "--all-files", PATH=path, VIRTUAL_ENV=str(active))
    assert (done.returncode, "ai.py:1:1: AIC102" in done.stdout, "decoy" in done.stdout) == (1, True, False), done.stdout
