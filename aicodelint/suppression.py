"""Inline suppressions: comments that say ``aicodelint: ignore``, in the comment syntax of any language.

``aicodelint: ignore`` and ``aicodelint: ignore[AIC102, Qwen]`` hold for the region that their line lies in, ``aicodelint: ignore-file`` (with or
without codes) for the whole file. A reason may follow after ``--``. The words count only directly after a comment marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORD = "aicodelint:"
MAX_DIRECTIVES = 10_000
_MARKERS = ("#", "//", "/*", "--", ";", "%", "<!--", "*", '"""', "'''", "{-", "(*")
_DIRECTIVE = re.compile(r"aicodelint:[ \t]{0,8}(ignore-file|ignore)(?:\[([^\]\n]{0,400})\])?(?=[\s*\-\"'}#,.]|$)(?!-\w)")


@dataclass(frozen=True, slots=True)
class Directive:
    """One suppression. ``selectors`` are codes, code prefixes or family names as written; None stands for everything."""

    line: int
    whole_file: bool
    selectors: tuple[str, ...] | None


def directives(text: str) -> Iterator[Directive]:
    """Yield the suppressions of ``text`` in order, with their 1-based lines; linear in its length."""
    line, counted, found = 1, 0, 0
    start = text.find(WORD)
    while start >= 0 and found < MAX_DIRECTIVES:
        match = _DIRECTIVE.match(text, start)
        if match and _after_marker(text, start):
            line += text.count("\n", counted, start)
            counted = start
            found += 1
            codes = match[2]
            selectors = None if codes is None else tuple(code.strip() for code in codes.split(",") if code.strip())
            yield Directive(line, match[1] == "ignore-file", selectors)
        start = text.find(WORD, start + len(WORD))


def _after_marker(text: str, position: int) -> bool:
    """Whether the text before ``position``, on its line and without blanks, ends in a comment marker."""
    before = text[max(position - 40, 0) : position].rsplit("\n", 1)[-1].rstrip(" \t")
    return before.endswith(_MARKERS)
