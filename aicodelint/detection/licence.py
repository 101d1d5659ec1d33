"""Where the code of a file begins: leading licence and copyright headers count for nothing, at training and at scanning time alike."""

from __future__ import annotations

import re

MAX_HEADER_LINES = 400
_SMALL_COMMENT_LINES = 2

_LICENCE = re.compile(
    r"copyright|©|\(c\) ?\d{4}|spdx-|all rights reserved|public licen[cs]e|licen[cs]ed (?:under|to)|[@\\]licen[cs]e|licen[cs]e:"
    r"|\blicen[cs]es?\b.{0,40}\b(?:file|terms|at)\b|(?:terms|conditions) of (?:the|this)|permission is hereby granted|redistribution and use"
    r"|free software|without (?:any )?warrant|under the .{0,40}licen[cs]e|(?:mit|bsd|apache|gpl|mpl|isc)(?:[- ]\w{1,8})? licen[cs]e"
    r"|software is provided|this file is part of|public domain",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(r"#!|#.{0,10}coding[:=]|<\?(?:php|xml)[^>]{0,200}(?:\?>)?\s*$|#\s*frozen_string_literal:|['\"]use strict['\"]")
_BLOCKS = (
    ("/*", "*/"),
    ("<!--", "-->"),
    ("(*", "*)"),
    ('"""', '"""'),
    ("'''", "'''"),
    ("{-", "-}"),
    ("--[[", "]]"),
    ("#=", "=#"),
    ("=begin", "=end"),
    ("<#", "#>"),
)
_LINE_MARKS = ("//", "#", "--", ";", "%")
_NOT_A_COMMENT = re.compile(r"#\s*(?:include|define|undef|if|ifdef|ifndef|else|elif|endif|pragma|import|error|region|nullable|!?\[)")


def strip_licence(text: str) -> tuple[str, int]:
    """Return ``text`` without its leading licence header, and how many lines were dropped.

    Shebangs, coding lines and opening tags at the top are dropped as well; small comments above the header go with it. Comments that
    do not speak of a licence stay. The syntax of the comment decides, whatever the language: only C preprocessor lines need telling from
    ``#`` comments. Linear in the size of the header.
    """
    lines = text.split("\n", MAX_HEADER_LINES)
    dropped = position = 0
    while position < len(lines) - 1:
        line = lines[position].strip().lstrip("\ufeff")
        if not line:
            position += 1
            continue
        if position == dropped and _PREAMBLE.match(line):
            position = dropped = position + 1
            continue
        if _PREAMBLE.match(line):
            position += 1
            continue
        end, licence_end = _comment(lines, position)
        if licence_end > position:
            position = dropped = licence_end
            if licence_end < end:
                break
        elif position < end <= position + _SMALL_COMMENT_LINES:
            position = end
        else:
            break
    return "\n".join(lines[dropped:]), dropped


def _comment(lines: list[str], start: int) -> tuple[int, int]:
    """Return where the comment that begins at line ``start`` ends, and where its licence part ends; both are ``start`` if there is none."""
    first = lines[start].strip().lstrip("\ufeff")
    for opening, closing in _BLOCKS:
        if first.startswith(opening):
            return _block(lines, start, first[len(opening) :], closing)
    for mark in _LINE_MARKS:
        if first.startswith(mark):
            return _run(lines, start, mark)
    return start, start


def _block(lines: list[str], start: int, first: str, closing: str) -> tuple[int, int]:
    licence = False
    for number in range(start, len(lines)):
        line = first if number == start else lines[number]
        body, found, after = line.partition(closing)
        licence = licence or _LICENCE.search(body[:1000]) is not None
        if found:
            if after.strip():
                return start, start
            return number + 1, number + 1 if licence else start
    return start, start


def _run(lines: list[str], start: int, mark: str) -> tuple[int, int]:
    """Line comments: the licence part reaches to the end of the last paragraph that speaks of one."""
    paragraph_has_licence = False
    licence_end = start
    number = start
    while number < len(lines):
        line = lines[number].strip()
        if not line.startswith(mark) or (mark == "#" and _NOT_A_COMMENT.match(line)):
            break
        is_paragraph = bool(line.strip("#/-;%* "))
        paragraph_has_licence = is_paragraph and (paragraph_has_licence or _LICENCE.search(line[:1000]) is not None)
        number += 1
        if paragraph_has_licence:
            licence_end = number
    return number, licence_end
