from __future__ import annotations

import time

import pytest

from aicodelint.discovery.globs import compile_glob, is_glob, split


@pytest.mark.parametrize(
    ("pattern", "base", "rest"),
    [("*.py", "", "*.py"), ("src/**/*.py", "src", "**/*.py"), ("/a/b?/c", "/a", "b?/c"), ("/*", "/", "*"), ("a/../[ab]", "a/..", "[ab]")],
)
def test_split(pattern: str, base: str, rest: str) -> None:
    assert is_glob(pattern)
    assert split(pattern) == (base, rest)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.py", ["a.py"], ["a/b.py", ".a.py", "a.pyc"]),
        ("**/*.py", ["a.py", "a/b/c.py"], [".git/a.py", "a/.b/c.py"]),
        ("**", ["a.py", "a/b.c"], []),
        ("a/**", ["a/b", "a/b/c"], ["ab/c"]),
        ("a?", ["ab", "ab/c.py"], ["a", "abc"]),
        ("[!a-c]x.py", ["dx.py"], ["ax.py", "/x.py"]),
        ("[]a].py", ["].py", "a.py"], ["b.py"]),
        ("a[.py", ["a[.py"], ["a.py"]),
        (".*", [".a/b"], ["a"]),
        ("src*/", ["src1/a.py"], ["a/src1"]),
    ],
)
def test_match(pattern: str, yes: list[str], no: list[str]) -> None:
    matcher = compile_glob(pattern)
    assert [path for path in yes if not matcher.match(path)] == []
    assert [path for path in no if matcher.match(path)] == []


def test_many_stars_are_quick() -> None:
    before = time.process_time()
    compile_glob("***********b").match("a" * 255)
    assert time.process_time() - before < 0.5
