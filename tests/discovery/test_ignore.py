"""``.gitignore`` outside of git, held against what git itself would say."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aicodelint.discovery.collect import collect
from aicodelint.discovery.ignore import Excludes
from aicodelint.discovery.options import DiscoveryOptions

NAMES = ("a", "b", "a.py", "b.py", "c.txt")
FOLDERS = ("", "a/", "d/", "d/a/", "d/e/")


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = []
    for name in ("plain", "git"):
        root = tmp_path_factory.mktemp(name)
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
            for file in NAMES:
                if not (root / folder / file).exists() and f"{folder}{file}/" not in FOLDERS:
                    (root / folder / file).write_text("x")
        made.append(root)
    return made[0], made[1]


SEGMENT = st.sampled_from(
    [
        "a",
        "b",
        "d",
        "e",
        "*",
        "**",
        "*.py",
        "?",
        "a*",
        "[ab]",
        "c.txt",
        "[!a].py",
        "[^b]",
        "[]a]",
        "[a-c].py",
        "[[:alpha:]]",
        "\\a",
        "a\\",
        "*a*",
        "***",
        "a ",
        "c.*",
    ]
)
PATTERN = st.builds(
    lambda no, slash, parts, end: no + slash + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=st.lists(PATTERN | st.just("[a"), max_size=4), nested=st.lists(PATTERN, max_size=3))
def test_as_git_has_it(trees: tuple[Path, Path], repo: Any, top: list[str], nested: list[str]) -> None:
    under_git = trees[1]
    if not (under_git / ".git").exists():
        (repo.root / ".git").rename(under_git / ".git")
    found = []
    for root in trees:
        (root / ".gitignore").write_text("\n".join(top) + "\n")
        (root / "d" / ".gitignore").write_text("\n".join(nested) + "\n")
        found.append([file.path for file in collect([str(root)], DiscoveryOptions(cwd=root))])
    assert found[0] == found[1]


def test_comments_blanks_broken_and_costly_lines(folder: Any) -> None:
    folder.write(".gitignore", b"\xef\xbb\xbf# comment\r\n\r\n!\r\n\xff*.py\nkeep\\ \n" + b"*a" * 40 + b"b\n*.log\r\n")
    folder.write("a" * 250)
    for name in ("a.py", "b.log", "\udcffx.py"):
        folder.write(name)
    before = time.process_time()
    assert set(folder.reasons(collect(["."], folder.options()))) == {".gitignore", "a" * 250, "a.py"}
    assert time.process_time() - before < 1


def test_an_ignore_file_that_is_no_file(folder: Any) -> None:
    (folder.root / ".gitignore").mkdir()
    folder.write("a.py")
    assert set(folder.reasons(collect(["."], folder.options()))) == {"a.py"}


def test_excludes(tmp_path: Path) -> None:
    excludes = Excludes(DiscoveryOptions(cwd=tmp_path / "x", root=tmp_path, exclude=("build/", "*.gen.py"), extend_exclude=("/x/only.py",)))
    assert excludes.match(f"{tmp_path}/a/build/c.py")
    assert excludes.match(f"{tmp_path}/a/build", directory=True)
    assert excludes.match(f"{tmp_path}/x/only.py")
    assert excludes.match(f"{tmp_path}/y/z.gen.py")
    assert not excludes.match(f"{tmp_path}/y/x/only.py")
    assert not excludes.match("/elsewhere/only.py")


def test_patterns_without_a_path_hold_outside_of_the_root(tmp_path: Path) -> None:
    excludes = Excludes(DiscoveryOptions(cwd=tmp_path / "here", exclude=("*.gen.py", "build/", ".*", "/only.py", "there/path.py")))
    outside = tmp_path / "there"
    assert excludes.match(str(outside / "a.gen.py"))
    assert excludes.match(str(outside / "build" / "a.py"))
    assert excludes.match(str(outside / ".hidden" / "a.py"))
    for kept in ("a.py", "only.py", "path.py"):
        assert not excludes.match(str(outside / kept)), kept
    assert not excludes.match(str(tmp_path), directory=True)
    assert not excludes.match(str(tmp_path / "here"), directory=True)


def test_a_name_above_what_is_scanned_excludes_nothing(tmp_path: Path) -> None:
    shared = tmp_path / "build" / "work"
    assert not Excludes(DiscoveryOptions(cwd=shared / "here", exclude=("build/",))).match(str(shared / "there" / "a.py"))
