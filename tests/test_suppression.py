from __future__ import annotations

import time

import pytest

from aicodelint.suppression import Directive, directives


@pytest.mark.parametrize(
    "comment",
    [
        "x = 1  # aicodelint: ignore",
        "x(); // aicodelint: ignore",
        "/* aicodelint: ignore */",
        "SELECT 1 -- aicodelint: ignore",
        "(code) ;; aicodelint: ignore",
        "% aicodelint: ignore",
        "<!-- aicodelint: ignore -->",
        " * aicodelint: ignore",
        '"""aicodelint: ignore"""',
        "{- aicodelint: ignore -}",
        "# aicodelint:ignore",
    ],
)
def test_every_comment_syntax(comment: str) -> None:
    assert list(directives(f"first\n{comment}\nlast")) == [Directive(2, False, None)]


@pytest.mark.parametrize(
    "line",
    [
        "print('aicodelint: ignore')",
        "aicodelint: ignore",
        "# see aicodelint: ignore",
        "# aicodelint: ignored",
        "# aicodelint: ignore-files",
        "# aicodelint: ignore-all",
        "# aicodelint: ignore[AIC102",
        "# aicodelint:\nignore",
    ],
)
def test_what_is_no_suppression(line: str) -> None:
    assert list(directives(line)) == []


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# aicodelint: ignore -- written by hand, see the history", "written by hand, see the history"),
        ("# aicodelint: ignore-file[Qwen] --reviewed", "reviewed"),
        ("# aicodelint: ignore --", None),
        ("/* aicodelint: ignore -- */", None),
        ("<!-- aicodelint: ignore -->", None),
        ("# aicodelint: ignore\n-- reviewed", None),
    ],
)
def test_the_reason_after_two_dashes(comment: str, reason: str | None) -> None:
    (directive,) = directives(comment)
    assert directive.reason == reason


def test_codes_whole_file_and_lines() -> None:
    text = "# aicodelint: ignore-file[AIC102]\n\nx\n// aicodelint: ignore[AIC1, Qwen,]  y\n# aicodelint: ignore[]\n"
    assert list(directives(text)) == [Directive(1, True, ("AIC102",)), Directive(4, False, ("AIC1", "Qwen")), Directive(5, False, ())]


@pytest.mark.parametrize("piece", ["aicodelint:", "# aicodelint: ignore[", "# aicodelint: ignore\n", "#aicodelint:        \t", "aicodelint: ignore-"])
def test_hostile_text_takes_no_time(piece: str) -> None:
    text = piece * 100_000
    started = time.perf_counter()
    for _ in directives(text):
        pass
    assert time.perf_counter() - started < 5
