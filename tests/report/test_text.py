from __future__ import annotations

import re

from aicodelint.report.base import Summary, printable, two_places
from aicodelint.report.text import summary_line

LINE = "src/a.py:3:1: AIC102 Looks AI-generated; likeliest model family: Qwen (p=0.97, Qwen 0.61)\n"


def test_findings_and_a_summary_that_says_what_was_skipped(written, results) -> None:
    assert written("text", results) == (
        LINE + "Scanned 7 files: 2 AI-generated (1 of them not reported), 1 human, 1 undetermined, 3 skipped (2 binary, 1 minified)\n"
    )


def test_quiet_has_findings_alone(written, results) -> None:
    assert written("text", results, quiet=True) == LINE


def test_verbose_says_what_became_of_every_other_file(written, results) -> None:
    text = written("text", results, verbose=True)
    for line in ("src/b.py: ai, not reported (inline)", "d.go: undetermined: too-close", "logo.png: skipped: binary"):
        assert line in text.split("\n")
    assert "c.py" not in text
    assert "model rule (0123456789abcdef), engine in-process on cpu" in text


def test_verbose_tells_of_what_is_not_shown_even_if_suppressed_findings_are(written, results) -> None:
    lines = written("text", results, verbose=True, show_suppressed=True).split("\n")
    for line in ("d.go: undetermined: too-close", "logo.png: skipped: binary", "x.min.js: skipped: minified"):
        assert line in lines
    assert [line for line in lines if line.startswith("src/b.py")] == [LINE.replace("a.py", "b.py").rstrip("\n") + " [suppressed: inline]"]


def test_the_frame_numbers_lines_and_says_what_it_leaves_out(written, results) -> None:
    lines = written("text", results, show_source=True).split("\n")
    assert lines[1] == "   3 | line(3)"
    assert lines[8] == "  10 | line(10)"
    assert lines[9] == "     | ... 30 more lines"


def test_colour_changes_nothing_but_colour(written, results) -> None:
    colored = written("text", results, color=True, show_source=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == written("text", results, show_source=True)


def test_nothing_that_a_terminal_obeys_comes_through(written, ai_result) -> None:
    hostile = "a\x1b]0;owned\x07\u202egpj.\u2066\r\n\x9b31m\u200b.py"
    result = ai_result(hostile)
    object.__setattr__(result.findings[0], "snippet", ("\x1b[2J\u202e evil\tx", "\x00" * 500))
    for color in (False, True):
        text = written("text", [result], show_source=True, color=color)
        assert "a\\x1b]0;owned\\x07\\u202egpj.\\u2066\\x0d\\x0a\\x9b31m\\u200b.py" in text
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\n", "")
        assert plain.isprintable()
        assert max(map(len, plain.split("|"))) < 250


def test_an_unknown_language_is_shown_without_colour(written, ai_result) -> None:
    result = ai_result("a.zz")
    object.__setattr__(result, "language", "No such language")
    assert "   3 | line(3)" in written("text", [result], show_source=True, color=True)


def test_probabilities_are_never_rounded_up() -> None:
    assert [two_places(value) for value in (0.9999, 1.0, 0.29, 0.9731, 0.0)] == ["0.99", "1.00", "0.29", "0.97", "0.00"]


def test_printable_keeps_letters_of_all_scripts() -> None:
    assert printable("naïve/Ж/漢字 a b.py") == "naïve/Ж/漢字 a b.py"


def test_one_file() -> None:
    assert summary_line(Summary(files=1, human=1)) == "Scanned 1 file: 0 AI-generated, 1 human, 0 undetermined, 0 skipped"
