from __future__ import annotations

import time

import pytest

from aicodelint.detection.body import prepare
from aicodelint.detection.lexing import lex


def test_comments_strings_and_code_of_python_are_told_apart():
    lexed = lex('def f():\n    """Say it."""\n    x = "# no comment"  # a trailing one\n', "Python")
    assert [comment.text for comment in lexed.comments] == ['"""Say it."""', "# a trailing one"]
    assert [comment.own_line for comment in lexed.comments] == [True, False]
    assert lexed.comments[0].documentation
    assert lexed.strings == ('"# no comment"',)
    assert "no comment" not in lexed.code


def test_comments_of_c_like_languages():
    lexed = lex('/** doc */\nint a; // one\nchar *s = "/* no */";\n', "C")
    assert [comment.text for comment in lexed.comments] == ["/** doc */", "// one"]
    assert lexed.comments[0].documentation
    assert lexed.strings == ('"/* no */"',)


def test_a_rust_lifetime_opens_no_string():
    lexed = lex("fn f<'a>(x: &'a str) -> char { 'b' } // done", "Rust")
    assert [comment.text for comment in lexed.comments] == ["// done"]


def test_a_hash_inside_a_shell_word_is_no_comment():
    assert [comment.text for comment in lex("echo $# a#b # yes\n", "Shell").comments] == ["# yes"]


@pytest.mark.parametrize("language", ["Python", "C", "Rust", "JavaScript", "Shell", "Julia", "Ruby", "PHP", "Kotlin", None])
@pytest.mark.parametrize("unit", ['"', "'", "`", "/*", "/**/", '"\\', "#", '"""a', "\n", " ", "a"])
def test_hostile_texts_take_linear_time(language, unit):
    text = unit * (200_000 // len(unit))
    start = time.perf_counter()
    lexed = lex(text, language)
    assert time.perf_counter() - start < 5
    assert len(lexed.code) <= 2 * len(text)


def test_prepare_drops_the_licence_header_and_carriage_returns():
    text = "# Copyright 2020 Someone. All rights reserved.\n# Licensed under the MIT License.\n\r\nx = 1\r\n"
    assert prepare(text, "Python") == "x = 1"
