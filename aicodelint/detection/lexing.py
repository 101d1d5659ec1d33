"""One linear pass that tells comments, strings and code of any language apart: what the cheap witnesses look at."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DOUBLE = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"?'
_SINGLE = r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'?"
_BACKTICK = r"`[^`\\]*(?:\\.[^`\\]*)*`?"
_TRIPLE = r'"""[\s\S]*?(?:"""|\Z)'
_TRIPLE_SINGLE = r"'''[\s\S]*?(?:'''|\Z)"
_CHARACTER = r"'(?:\\[^\n]{1,9}?|[^'\\\n])'"
_BLOCK = r"/\*[\s\S]*?(?:\*/|\Z)"
_SLASHES = r"//[^\n]*"
_HASH = r"#[^\n]*"


def _pattern(*parts: str) -> re.Pattern[str]:
    # Every alternative consumes to its end or to the end of the text once it has begun, so that nothing is read twice.
    return re.compile("|".join(parts), re.DOTALL)


_C = _pattern(_SLASHES, _BLOCK, _DOUBLE, _SINGLE)
_TEXT_BLOCKS = _pattern(_SLASHES, _BLOCK, _TRIPLE, _DOUBLE, _SINGLE)
_BACKTICKS = _pattern(_SLASHES, _BLOCK, _DOUBLE, _SINGLE, _BACKTICK)
_RUST = _pattern(_SLASHES, _BLOCK, _DOUBLE, _CHARACTER)
_PHP = _pattern(_SLASHES, r"#(?!\[)[^\n]*", _BLOCK, _DOUBLE, _SINGLE)
_PYTHON = _pattern(_HASH, _TRIPLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE)
_RUBY = _pattern(_HASH, r"(?<=\n)=begin[\s\S]*?(?:\n=end|\Z)", _DOUBLE, _SINGLE)
_SHELL = _pattern(r"(?<![^\s;])#[^\n]*", r'"[^"\\]*(?:\\.[^"\\]*)*"?', r"'[^']*'?")
_JULIA = _pattern(r"#=[\s\S]*?(?:=#|\Z)", _HASH, _TRIPLE, _DOUBLE, _CHARACTER)

_SYNTAX = {
    "C": _C,
    "C++": _C,
    "C#": _TEXT_BLOCKS,
    "Java": _TEXT_BLOCKS,
    "Kotlin": _TEXT_BLOCKS,
    "Scala": _TEXT_BLOCKS,
    "Swift": _TEXT_BLOCKS,
    "Go": _BACKTICKS,
    "JavaScript": _BACKTICKS,
    "TypeScript": _BACKTICKS,
    "Rust": _RUST,
    "PHP": _PHP,
    "Python": _PYTHON,
    "Ruby": _RUBY,
    "Shell": _SHELL,
    "Julia": _JULIA,
}
_HASH_FIRST = re.compile(r"^[ \t]*(?:#(?!include|define|if|endif|pragma|region)|def |end$|from |fi$)", re.MULTILINE)
_SLASH_FIRST = re.compile(r"^[ \t]*(?://|/\*|\}|#include)|[;{]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment with its markers. ``own_line``: nothing but blanks before it; ``documentation``: a docstring or a doc comment."""

    text: str
    own_line: bool
    documentation: bool


@dataclass(frozen=True, slots=True)
class Lexed:
    """A text taken apart: ``code`` is the text without comments, every string in it replaced by its quotes."""

    text: str
    code: str
    comments: tuple[Comment, ...]
    strings: tuple[str, ...]


def lex(text: str, language: str | None) -> Lexed:
    """Take a text (line ends as ``\\n``) apart in linear time; never raises. An unknown language is judged by its line beginnings."""
    pattern = _SYNTAX.get(language or "") or _guess(text)
    docstrings = pattern is _PYTHON or pattern is _JULIA
    code: list[str] = []
    comments: list[Comment] = []
    strings: list[str] = []
    position = 0
    at_line_start = True
    for match in pattern.finditer(text):
        start = match.start()
        token = match.group()
        between = text[position:start]
        code.append(between)
        _, newline, rest = between.rpartition("\n")
        at_line_start = (at_line_start or bool(newline)) and not rest.strip()
        first = token[0]
        if first in "#/=":
            comments.append(Comment(token, at_line_start, token.startswith(("/**", "///", "//!"))))
        elif docstrings and at_line_start and token.startswith(('"""', "'''")):
            comments.append(Comment(token, True, True))
        else:
            strings.append(token)
            code.append(first + first)
            at_line_start = False
        position = match.end()
    code.append(text[position:])
    return Lexed(text, "".join(code), tuple(comments), tuple(strings))


def _guess(text: str) -> re.Pattern[str]:
    head = text[:20_000]
    return _PYTHON if len(_HASH_FIRST.findall(head)) > len(_SLASH_FIRST.findall(head)) else _BACKTICKS
