from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aicodelint.discovery.collect import collect
from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.errors import UsageError


def test_git_shows_tracked_and_untracked_but_not_ignored(repo: Any) -> None:
    repo.write("b.py")
    repo.write(".gitignore", "*.log.py\nbuild/\n")
    repo.write("tracked.log.py")
    repo.git("add", "-f", "tracked.log.py")
    repo.commit()
    for name in ("a.py", "x.log.py", "build/c.py", "sub/d.py"):
        repo.write(name)
    (repo.root / "b.py").unlink()
    assert repo.reasons(collect([], repo.options())) == {".gitignore": "not-code", "a.py": None, "sub/d.py": None, "tracked.log.py": None}


def test_ignored_files_come_back_when_asked(repo: Any) -> None:
    repo.write(".gitignore", "x.py\n")
    repo.write("x.py")
    assert set(repo.reasons(collect(["."], repo.options(respect_gitignore=False)))) == {".gitignore", "x.py"}


def test_a_directory_that_git_ignores_is_scanned_when_named(repo: Any) -> None:
    repo.write(".gitignore", "build/\n")
    repo.write("build/a.py")
    repo.write("build/.gitignore", "b.py")
    repo.write("build/b.py")
    assert set(repo.reasons(collect(["build"], repo.options()))) == {"build/a.py", "build/.gitignore"}
    assert set(repo.reasons(collect(["."], repo.options()))) == {".gitignore"}


def test_explicit_files_bypass_ignores_excludes_and_vendor_folders(repo: Any) -> None:
    repo.write(".gitignore", "ignored.py\n")
    names = ["ignored.py", "vendor/v.py", "out/o.py"]
    for name in names:
        repo.write(name)
    options = repo.options(exclude=("out",))
    assert repo.reasons(collect(names, options)) == dict.fromkeys(names)
    forced = repo.options(exclude=("out",), force_exclude=True)
    assert repo.reasons(collect(names, forced)) == {"ignored.py": None, "vendor/v.py": "vendored", "out/o.py": "excluded"}
    assert repo.reasons(collect(["."], options)) == {".gitignore": "not-code", "vendor/v.py": "vendored"}


def test_overlapping_paths_in_any_order_give_the_same(folder: Any) -> None:
    for name in ("b/x.py", "a.py", "b/c/y.py"):
        folder.write(name)
    one = list(collect([".", "b", "b/x.py", str(folder.root / "a.py"), "./b/../b/c"], folder.options()))
    other = list(collect(["b/x.py", "b", "."], folder.options()))
    assert one == other
    assert [file.path for file in one] == ["a.py", "b/c/y.py", "b/x.py"]


def test_a_named_file_counts_as_named_even_inside_a_scanned_directory(folder: Any) -> None:
    folder.write("vendor/a.py")
    folder.write("vendor/b.py")
    assert folder.reasons(collect(["vendor/a.py", "."], folder.options())) == {"vendor/a.py": None, "vendor/b.py": "vendored"}


def test_naming_a_vendor_directory_is_meant(folder: Any) -> None:
    folder.write("node_modules/p/a.js", "const answer = 42;\nconst question = null; // not known\n")
    folder.write("node_modules/p/node_modules/q/b.js")
    found = folder.reasons(collect(["node_modules/p"], folder.options()))
    assert found == {"node_modules/p/a.js": None, "node_modules/p/node_modules/q/b.js": "vendored"}


def test_missing_path(folder: Any) -> None:
    for path in ("none.py", "none/", "*.none", "", "a\0b"):
        with pytest.raises(UsageError):
            collect([path], folder.options())


def test_globs_are_expanded_and_literal_names_come_first(folder: Any) -> None:
    for name in ("a.py", "s/b.py", "s/t/c.py", "[slug].py", "s/.h.py", ".gitignore"):
        folder.write(name)
    (folder.root / ".gitignore").write_text("t/\n")
    assert set(folder.reasons(collect(["**/*.py"], folder.options()))) == {"a.py", "s/b.py", "[slug].py"}
    assert set(folder.reasons(collect(["[slug].py"], folder.options()))) == {"[slug].py"}
    assert set(folder.reasons(collect([f"{folder.root}/[ab].py"], folder.options()))) == {"a.py"}


def test_symbolic_links(repo: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("x = 1\n" * 40)
    repo.write("real/a.py")
    (repo.root / "loop").symlink_to(".")
    (repo.root / "real" / "up").symlink_to("..")
    (repo.root / "out.py").symlink_to(tmp_path / "secret.py")
    (repo.root / "broken.py").symlink_to("nowhere.py")
    (repo.root / "self.py").symlink_to("self.py")
    links = dict.fromkeys(("loop", "real/up", "out.py", "broken.py", "self.py"), "symlink")
    for respect in (True, False):
        assert repo.reasons(collect(["."], repo.options(respect_gitignore=respect))) == {"real/a.py": None, **links}
    assert repo.reasons(collect(["out.py", "broken.py"], repo.options())) == {"out.py": None, "broken.py": "symlink"}
    assert repo.reasons(collect(["out.py"], repo.options(force_exclude=True))) == {"out.py": "symlink"}
    assert set(repo.reasons(collect(["loop/real"], repo.options()))) == {"loop/real/a.py", "loop/real/up"}


def test_linguist_attributes(repo: Any) -> None:
    for name in ("gen/a.py", "lib/b.py", "vendor/ours.py", "vendor/theirs.py", "c.py"):
        repo.write(name)
    repo.write("notice.py", "# This file is automatically generated.\n" + "x = 1\n" * 20)
    repo.write(
        ".gitattributes",
        "gen/** linguist-generated\nlib/* linguist-vendored=true\nvendor/ours.py -linguist-vendored\nnotice.py linguist-generated=false\n",
    )
    expected = {
        ".gitattributes": "not-code",
        "c.py": None,
        "gen/a.py": "generated",
        "lib/b.py": "vendored",
        "notice.py": None,
        "vendor/ours.py": None,
        "vendor/theirs.py": "vendored",
    }
    assert repo.reasons(collect(["."], repo.options())) == expected
    assert repo.reasons(collect(["gen/a.py", "lib/b.py"], repo.options())) == {"gen/a.py": "generated", "lib/b.py": None}


def test_subdirectory_and_another_working_directory(repo: Any, tmp_path: Path) -> None:
    repo.write("a.py")
    repo.write("s p/ü#%.py")
    assert set(repo.reasons(collect(["."], DiscoveryOptions(cwd=repo.root / "s p")))) == {"ü#%.py"}
    assert set(repo.reasons(collect([".."], DiscoveryOptions(cwd=repo.root / "s p")))) == {f"{repo.root}/a.py", "ü#%.py"}
    assert set(repo.reasons(collect(["repo/s p"], DiscoveryOptions(cwd=tmp_path)))) == {"repo/s p/ü#%.py"}


def test_names_that_look_like_pathspecs_or_options(repo: Any) -> None:
    for name in (":(top)x/a.py", "*/b.py", "-v/c.py", "a\nb.py", "q'\".py"):
        repo.write(name)
    repo.commit()
    for path, inside in ((":(top)x", "a.py"), ("*", "b.py"), ("-v", "c.py")):
        assert set(repo.reasons(collect([path], repo.options()))) == {f"{path}/{inside}"}
    assert len(list(collect(["."], repo.options()))) == 5


def test_names_that_are_no_utf8(repo: Any) -> None:
    repo.write(os.fsdecode(b"caf\xe9.py"))
    for options in (repo.options(), repo.options(respect_gitignore=False)):
        (file,) = collect(["."], options)
        assert file.path == "caf\\xe9.py"
        assert file.reason is None
        file.path.encode()


def test_worktree_submodule_and_nested_repository(repo: Any, tmp_path: Path) -> None:
    repo.write("a.py")
    repo.commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    (tmp_path / "tree" / "new.py").write_text("x = 1\n" * 20)
    assert set(repo.reasons(collect(["."], DiscoveryOptions(cwd=tmp_path / "tree")))) == {"a.py", "new.py"}
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.root), "sub")
    subprocess.run(["git", "init", "-q", "nested"], cwd=repo.root, check=True)
    repo.write("nested/n.py")
    repo.write("nested/.gitignore", "i.py")
    repo.write("nested/i.py")
    found = repo.reasons(collect(["."], repo.options()))
    assert found == {".gitmodules": "not-code", "a.py": None, "sub": "submodule", "nested/n.py": None, "nested/.gitignore": "not-code"}
    assert set(repo.reasons(collect(["sub"], repo.options()))) == {"sub/a.py"}


def test_a_repository_that_git_refuses_is_walked(repo: Any) -> None:
    repo.write("a.py")
    repo.write("b.py")
    repo.write(".gitignore", "b.py")
    (repo.root / ".git" / "config").write_text("[core\n")
    assert set(repo.reasons(collect(["."], repo.options()))) == {".gitignore", "a.py"}


def test_hook_environment_of_this_repository_and_of_another(repo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=other, check=True)
    repo.write("s/a.py")
    monkeypatch.chdir(repo.root)
    for directory in (".git", f"{other}/.git", "/nowhere"):
        monkeypatch.setenv("GIT_DIR", directory)
        monkeypatch.setenv("GIT_INDEX_FILE", f"{directory}/index")
        assert set(repo.reasons(collect(["s"], repo.options()))) == {"s/a.py"}
        assert list(collect([str(other)], repo.options())) == []


def test_settings_of_the_repository_run_nothing(repo: Any, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    repo.git("config", "core.fsmonitor", str(trap))
    repo.git("config", "core.pager", str(trap))
    repo.write("a.py")
    assert set(repo.reasons(collect(["."], repo.options()))) == {"a.py"}
    assert not (tmp_path / "sprung").exists()


def test_special_files_and_deep_folders(folder: Any) -> None:
    os.mkfifo(folder.root / "pipe.py")
    deep = "d"
    for _ in range(1500):
        (folder.root / deep).mkdir()
        deep += "/d"
    (folder.root / deep).mkdir()
    folder.write(f"{deep}/a.py")
    try:
        assert folder.reasons(collect(["."], folder.options())) == {"pipe.py": "unreadable", f"{deep}/a.py": None}
        assert folder.reasons(collect(["pipe.py"], folder.options())) == {"pipe.py": "unreadable"}
    finally:
        # pytest clears old folders by recursion, which a later run would die of.
        (folder.root / deep / "a.py").unlink()
        for depth in range(len(deep.split("/")), 0, -1):
            (folder.root / "/".join(["d"] * depth)).rmdir()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("respect_gitignore", [False, True])
def test_folder_without_permission(repo: Any, respect_gitignore: bool) -> None:
    repo.write("shut/a.py").parent.chmod(0)
    assert repo.reasons(collect(["."], repo.options(respect_gitignore=respect_gitignore))) == {"shut": "unreadable"}
