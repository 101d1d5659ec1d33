from __future__ import annotations

from pathlib import Path

import pytest

from aicodelint.config import Config, Globs
from aicodelint.config_search import ConfigSearch
from aicodelint.errors import ConfigError


@pytest.fixture(autouse=True)
def user_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    directory = tmp_path / "home" / "aicodelint"
    directory.mkdir(parents=True)
    return directory


def write(directory: Path, body: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "pyproject.toml").write_text(f"[tool.aicodelint]\n{body}\n")


def test_the_nearest_table_holds_for_a_file_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    write(root, "threshold = 0.8")
    write(root / "inner", "exclude = ['gen']")
    (root / "inner" / "deep").mkdir()
    (root / "inner" / "deep" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    search = ConfigSearch(root)
    assert search.invocation.threshold == 0.8
    assert search.for_file("a.py").threshold == 0.8
    deep = search.for_file("inner/deep/a.py")
    assert deep.threshold is None
    assert deep.exclude == Globs(root / "inner", ("gen",))
    assert search.for_file(str(root / "inner" / "b.py")) is deep
    assert search.for_file("inner/../a.py").threshold == 0.8


def test_started_below_the_configuration(tmp_path: Path) -> None:
    write(tmp_path / "repo", "threshold = 0.8")
    below = tmp_path / "repo" / "src" / "pkg"
    below.mkdir(parents=True)
    assert ConfigSearch(below).invocation.threshold == 0.8


def test_the_users_file_holds_where_no_project_speaks_and_the_command_line_wins(tmp_path: Path, user_directory: Path) -> None:
    (user_directory / "config.toml").write_text("threshold = 0.6\njobs = 3\nexclude = ['x']\n")
    write(tmp_path / "repo", "jobs = 2")
    bare = tmp_path / "bare"
    bare.mkdir()
    assert ConfigSearch(bare).invocation.threshold == 0.6
    assert ConfigSearch(bare).invocation.exclude == Globs(bare, ("x",))
    assert ConfigSearch(tmp_path / "repo").invocation.threshold is None
    search = ConfigSearch(tmp_path / "repo", Config(threshold=0.99))
    assert (search.invocation.threshold, search.invocation.jobs) == (0.99, 2)
    assert ConfigSearch(bare, Config(threshold=0.99)).invocation.threshold == 0.99


def test_a_named_file_replaces_all_others_and_is_relative_to_where_one_started(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    write(root, "threshold = 0.8")
    other = tmp_path / "shared" / "rules.toml"
    other.parent.mkdir()
    other.write_text("jobs = 5\nexclude = ['x']\n")
    search = ConfigSearch(root, Config(device="cpu"), other)
    assert search.for_file("a.py") == Config(source=other, jobs=5, device="cpu", exclude=Globs(root, ("x",)))


def test_isolated_reads_nothing_of_the_repository(tmp_path: Path, user_directory: Path) -> None:
    write(tmp_path / "repo", "nonsense = 1")
    (user_directory / "config.toml").write_text("threshold = 0.6\n")
    assert ConfigSearch(tmp_path / "repo", isolated=True).for_file("a/b.py").threshold == 0.6
    with pytest.raises(ConfigError, match="nonsense"):
        _ = ConfigSearch(tmp_path / "repo").invocation


def test_each_file_is_read_once(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    write(root, "threshold = 0.8")
    search = ConfigSearch(root)
    first = search.for_file("x/y/z/a.py")
    (root / "pyproject.toml").write_text("[tool.aicodelint]\nbroken = 1\n")
    assert search.for_file("x/y/z/b.py") is first
    assert search.for_file("x/y/c.py") is first
