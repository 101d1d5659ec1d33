from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aicodelint.discovery.collect import collect_diff, collect_staged
from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.errors import GitError, UsageError

LINES = [f"value_{number} = compute({number})\n" for number in range(20)]
CODE = "".join(LINES)


def changed(**lines: str) -> str:
    return "".join(lines.get(f"at{number}", line) for number, line in enumerate(LINES, 1))


@pytest.fixture
def base(repo: Any) -> Any:
    repo.write("a.py", CODE)
    repo.write("b.py", CODE)
    repo.commit()
    return repo


def test_first_commit(repo: Any) -> None:
    repo.write("a.py", CODE)
    repo.write("untracked.py", CODE)
    repo.git("add", "a.py")
    (file,) = collect_staged(repo.options())
    assert (file.path, file.text, file.changed_lines) == ("a.py", CODE, ((1, 20),))


def test_staged_bytes_come_from_the_index(base: Any) -> None:
    staged = changed(at3="staged = 3\n")
    base.write("a.py", staged)
    base.git("add", "a.py")
    base.write("a.py", "never = staged\n" + staged)
    base.write("b.py", "not staged\n")
    (file,) = collect_staged(base.options())
    assert (file.path, file.text, file.changed_lines) == ("a.py", staged, ((3, 3),))
    (base.root / "a.py").unlink()
    assert next(collect_staged(base.options())).text == staged


def test_renames_deletions_modes_and_kinds(base: Any, tmp_path: Path) -> None:
    base.git("mv", "a.py", "c.py")
    base.git("rm", "-q", "b.py")
    base.write("s.sh", "#!/bin/sh\n" + "echo something to say\n" * 9)
    base.commit()
    base.git("mv", "c.py", "d.py")
    base.write("d.py", changed(at1="first = 1\n"))
    (base.root / "s.sh").chmod(0o755)
    (base.root / "link.py").symlink_to("d.py")
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    base.git("-C", str(other), "commit", "-q", "--allow-empty", "-m", "x")
    base.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    base.write("vendor/v.py", "x = 'some other content'\n" * 9)
    base.write("bin.py", b"\0\1" * 90)
    base.write("wide.py", CODE.encode("utf-16"))
    base.git("add", "-A")
    files = {file.path: file for file in collect_staged(base.options())}
    assert base.reasons(files.values()) == {
        ".gitmodules": "not-code",
        "bin.py": "binary",
        "d.py": None,
        "link.py": "symlink",
        "s.sh": None,
        "sub": "submodule",
        "vendor/v.py": "vendored",
        "wide.py": None,
    }
    assert files["d.py"].changed_lines == ((1, 1),)
    assert files["s.sh"].changed_lines == ()
    assert files["wide.py"].changed_lines is None


def test_intent_to_add_is_not_staged_but_differs(base: Any) -> None:
    base.write("new.py", CODE)
    base.git("add", "-N", "new.py")
    assert list(collect_staged(base.options())) == []
    (file,) = collect_diff("HEAD", base.options())
    assert (file.path, file.text) == ("new.py", CODE)


def test_conflict(base: Any) -> None:
    base.git("checkout", "-q", "-b", "side")
    base.write("a.py", changed(at1="side = 1\n"))
    base.write("only.py", CODE)
    base.commit()
    base.git("checkout", "-q", "main")
    base.write("a.py", changed(at1="main = 1\n"))
    base.commit()
    base.git("merge", "side", check=False)
    assert base.reasons(collect_staged(base.options())) == {"a.py": "unmerged", "only.py": None}
    files = {file.path: file for file in collect_diff("HEAD", base.options())}
    assert "<<<<<<<" in (files["a.py"].text or "")


def test_diff_against_the_work_tree(base: Any) -> None:
    base.write("a.py", changed(at3="third = 3\n", at10="tenth = 10\nmore = 1\n"))
    base.git("add", "a.py")
    base.write("b.py", changed(at20="last = 20"))
    base.write("untracked.py", CODE)
    files = {file.path: file for file in collect_diff("HEAD", base.options())}
    assert {path: file.changed_lines for path, file in files.items()} == {"a.py": ((3, 3), (10, 11)), "b.py": ((20, 20),)}
    os.utime(base.root / "b.py")
    base.git("checkout", "-q", "--", "b.py")
    os.utime(base.root / "b.py", (1, 1))
    assert [file.path for file in collect_diff("HEAD", base.options())] == ["a.py"]


def test_three_dots_start_at_the_merge_base_and_read_the_commit(base: Any) -> None:
    base.git("checkout", "-q", "-b", "topic")
    topic = changed(at5="topic = 5\n")
    base.write("a.py", topic)
    base.commit()
    base.git("checkout", "-q", "main")
    base.write("b.py", changed(at1="main = 1\n"))
    base.commit()
    base.git("checkout", "-q", "--detach", "topic")
    base.write("a.py", "dirty\n")
    (file,) = collect_diff("main...HEAD", base.options())
    assert (file.path, file.text, file.changed_lines) == ("a.py", topic, ((5, 5),))
    assert [file.path for file in collect_diff("main...", base.options())] == ["a.py"]
    assert [file.path for file in collect_diff("main..topic", base.options())] == ["a.py", "b.py"]


def test_shallow_clone_falls_back_and_says_what_is_missing(base: Any, tmp_path: Path) -> None:
    first = base.git("rev-parse", "HEAD").strip()
    base.git("checkout", "-q", "-b", "topic")
    base.write("a.py", changed(at5="topic = 5\n"))
    base.commit()
    base.git("checkout", "-q", "main")
    base.write("c.py", CODE)
    base.commit()
    clone = tmp_path / "clone"
    base.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{base.root}", str(clone))
    options = DiscoveryOptions(cwd=clone)
    assert [file.path for file in collect_diff("origin/main...origin/topic", options)] == ["a.py"]
    with pytest.raises(GitError, match="shallow"):
        collect_diff(f"{first}...HEAD", options)


def test_a_branch_s_first_push(base: Any) -> None:
    assert [file.path for file in collect_diff("0" * 40 + "...HEAD", base.options())] == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("revisions", "error"), [("--output=x", UsageError), ("", UsageError), ("none", GitError), ("-x...HEAD", UsageError), ("a\nb", UsageError)]
)
def test_impossible_revisions(base: Any, revisions: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        collect_diff(revisions, base.options())
    assert not (base.root / "x").exists()


def test_outside_of_a_repository(folder: Any) -> None:
    with pytest.raises(GitError, match="not inside"):
        collect_staged(folder.options())


def test_subdirectory_paths_and_excludes(base: Any) -> None:
    for name in ("s/x.py", "s/gone/y.py", "t/z.py"):
        base.write(name, CODE)
    base.git("add", "-A")
    inside = DiscoveryOptions(cwd=base.root / "s", exclude=("gone/",))
    assert [file.path for file in collect_staged(inside)] == [f"{base.root}/t/z.py", "x.py"]
    assert [file.path for file in collect_staged(inside, ["."])] == ["x.py"]
    with pytest.raises(UsageError):
        collect_staged(inside, ["/"])


def test_settings_of_the_repository_change_nothing_and_run_nothing(base: Any, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for name, value in {
        "diff.external": str(trap),
        "diff.trap.textconv": str(trap),
        "core.fsmonitor": str(trap),
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "color.ui": "always",
        "diff.renames": "false",
        "diff.context": "9",
        "diff.interHunkContext": "50",
        "diff.relative": "true",
        "core.quotePath": "true",
    }.items():
        base.git("config", name, value)
    base.write(".gitattributes", "*.py diff=trap\n")
    base.git("mv", "a.py", "ü \t.py")
    base.write("ü \t.py", changed(at2="two = 2\n", at6="six = 6\n"))
    base.git("add", "-A")
    (tmp_path / "sprung").unlink()  # by the commands above
    for files in (collect_staged(base.options()), collect_diff("HEAD", base.options())):
        found = {file.path: file.changed_lines for file in files}
        assert found == {".gitattributes": ((1, 1),), "ü \t.py": ((2, 2), (6, 6))}
    assert not (tmp_path / "sprung").exists()


def test_attributes_of_the_index(base: Any) -> None:
    base.write(".gitattributes", "a.py linguist-generated\n")
    base.write("a.py", CODE + "x = 1\n")
    base.git("add", "-A")
    (base.root / ".gitattributes").unlink()
    assert base.reasons(collect_staged(base.options())) == {".gitattributes": "not-code", "a.py": "generated"}


def test_large_blobs_are_not_kept_and_the_next_is_read_right(base: Any) -> None:
    base.write("big.py", "x = 1\n" * 200_000)
    base.write("next.py", CODE)
    base.git("add", "-A")
    files = {file.path: file for file in collect_staged(base.options(max_bytes=1000))}
    assert files["big.py"].reason == "too-big"
    assert files["next.py"].text == CODE


SCRIPT = """
import pathlib, sys
from aicodelint.discovery.collect import collect_staged
from aicodelint.discovery.options import DiscoveryOptions
pathlib.Path(sys.argv[1]).write_text(" ".join(f"{f.path}:{len(f.text or '')}" for f in collect_staged(DiscoveryOptions())))
"""


@pytest.mark.parametrize("arguments", [["commit", "-qm", "x"], ["commit", "-qam", "x"], ["commit", "-qm", "x", "--", "b.py"]])
@pytest.mark.parametrize("worktree", [False, True])
def test_inside_a_real_hook(base: Any, tmp_path: Path, arguments: list[str], worktree: bool) -> None:
    script, out = tmp_path / "script.py", tmp_path / "out"
    script.write_text(SCRIPT)
    hook = base.write(".git/hooks/pre-commit", f'#!/bin/sh\nexec "{sys.executable}" "{script}" "{out}"\n')
    hook.chmod(0o755)
    if worktree:
        base.git("worktree", "add", "-q", str(tmp_path / "tree"))
        base.root = tmp_path / "tree"
    base.write("a.py", CODE + "staged = 1\n")
    base.git("add", "a.py")
    base.write("b.py", CODE + "loose = 1\n")
    root = str(Path(__file__).parents[2])
    base.git(*arguments, PYTHONPATH=root)
    a, b = f"a.py:{len(CODE) + 11}", f"b.py:{len(CODE) + 10}"
    assert out.read_text() == {3: a, 5: b}[len(arguments)] if "-qam" not in arguments else f"{a} {b}"


def test_inside_a_hook_of_a_bare_repository(base: Any, tmp_path: Path) -> None:
    bare, out, script = tmp_path / "bare.git", tmp_path / "out", tmp_path / "script.py"
    base.git("clone", "-q", "--bare", str(base.root), str(bare))
    script.write_text(SCRIPT.replace("collect_staged(", "collect_diff('main~...main', ").replace("import collect_staged", "import collect_diff"))
    hook = bare / "hooks" / "post-receive"
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "{out}"\n')
    hook.chmod(0o755)
    base.write("n.py", CODE)
    base.commit()
    base.git("push", "-q", str(bare), "main", PYTHONPATH=str(Path(__file__).parents[2]))
    assert out.read_text() == f"n.py:{len(CODE)}"
