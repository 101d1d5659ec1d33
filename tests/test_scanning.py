from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

import aicodelint
from aicodelint.config_search import ConfigSearch
from aicodelint.errors import ConfigError, UsageError
from aicodelint.finding import SourceFile, Status
from aicodelint.policy import Options
from aicodelint.scanning import Policies, judge_files

BODY = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(12))


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "tree"
    root.mkdir()
    (root / "ai.py").write_text("def delve(value_0):\n" + BODY)
    (root / "human.py").write_text("def plain(value_0):\n" + BODY)
    (root / "data.bin").write_bytes(b"\0\1\2")
    monkeypatch.chdir(root)
    return root


def test_the_public_scan_yields_every_file_and_leaves_a_given_engine_open(tree: Path, rule_engine) -> None:
    found = {result.path: result.status for result in aicodelint.scan(engine=rule_engine)}
    assert found == {"ai.py": Status.AI, "data.bin": Status.SKIPPED, "human.py": Status.HUMAN}
    assert not rule_engine.closed
    (only,) = aicodelint.scan(tree / "ai.py", engine=rule_engine, threshold=0.99)
    assert only.status is Status.UNDETERMINED


def test_the_public_scan_speaks_of_mistakes_at_once(tree: Path, rule_engine) -> None:
    with pytest.raises(UsageError):
        aicodelint.scan("missing", engine=rule_engine)
    with pytest.raises(UsageError, match="2 is not"):
        aicodelint.scan(threshold=2, engine=rule_engine)
    with pytest.raises(ConfigError, match="Quen"):
        aicodelint.scan(select=["Quen"], engine=rule_engine)


def test_importing_the_module_does_not_hide_the_function() -> None:
    code = "import aicodelint, aicodelint.scanning, aicodelint.cli.scan; print(callable(aicodelint.scan), 'numpy' in __import__('sys').modules)"
    root = Path(aicodelint.__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout == "True False\n"


def test_public_names() -> None:
    assert {"scan", "Verdict", "Finding"} <= set(dir(aicodelint))
    assert aicodelint.Verdict.__module__ == "aicodelint.finding"
    with pytest.raises(AttributeError, match="nonsense"):
        _ = aicodelint.nonsense


def test_memory_does_not_grow_with_the_texts_of_the_files(tree: Path, rule_engine) -> None:
    """Fingerprints seen stay for the whole scan, some fifty bytes a file; texts, nine thousand bytes here, must not."""
    texts = 0

    def files() -> Iterator[SourceFile]:
        nonlocal texts
        for number in range(800):
            text = None if number % 5 == 4 else f"# file {number}\n" + ("delve\n" if number % 3 else "plain\n") * 1_500
            texts += len(text or "")
            yield SourceFile(f"src/{number}.py", text, "Python", None if text else "binary")

    policies = Policies(ConfigSearch(tree), rule_engine.model, Options(), tree)
    tracemalloc.start()
    try:
        assert [result.path for result in judge_files(files(), rule_engine, policies) if result.path.endswith("/7.py")] == ["src/7.py"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < texts / 4


def test_a_long_run_of_skipped_files_holds_no_text_back(tree: Path, rule_engine) -> None:
    files = [SourceFile("a.py", "delve\n" * 5, "Python"), *(SourceFile(f"{n}.png", reason="binary") for n in range(50))]
    policies = Policies(ConfigSearch(tree), rule_engine.model, Options(), tree)
    assert [result.path for result in judge_files(files, rule_engine, policies)] == [file.path for file in files]
