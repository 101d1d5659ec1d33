"""Inline suppressions: comments that say ``aicodelint: ignore``, in the comment syntax of any language.

``aicodelint: ignore`` and ``aicodelint: ignore[AIC102, Qwen]`` hold for the region that their line lies in, ``aicodelint: ignore-file`` (with or
without codes) for the whole file. A reason may follow after ``--``. The words count only directly after a comment marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORD = "aicodelint:"
MAX_WORDS = 10_000
_MARKERS = ("#", "//", "/*", "--", ";", "%", "<!--", "*", '"""', "'''", "{-", "(*")
_DIRECTIVE = re.compile(r"aicodelint:[ \t]{0,8}(ignore-file|ignore)(?:\[([^\]\n]{0,400})\])?(?=[\s*\-\"'}#,.]|$)(?!-\w)")

_REASON = re.compile(r"[ \t]{0,8}--[ \t]{0,8}(?![\-*>\s])([^\r\n]{1,200})")


@dataclass(frozen=True, slots=True)
class Directive:
    """One suppression. ``selectors`` are codes, code prefixes or family names as written; None stands for everything.

    ``reason`` is what follows ``--``.
    """

    line: int
    whole_file: bool
    selectors: tuple[str, ...] | None
    reason: str | None = None


def directives(text: str) -> Iterator[Directive]:
    """Yield the suppressions of ``text`` in order, with their 1-based lines; linear in its length.

    Only the first ``MAX_WORDS`` places where ``aicodelint:`` stands are looked at.
    """
    line, counted, words = 1, 0, 0
    start = text.find(WORD)
    while start >= 0 and words < MAX_WORDS:
        words += 1
        match = _DIRECTIVE.match(text, start) if _after_marker(text, start) else None
        if match:
            line += text.count("\n", counted, start)
            counted = start
            codes = match[2]
            selectors = None if codes is None else tuple(code.strip() for code in codes.split(",") if code.strip())
            reason = _REASON.match(text, match.end())
            yield Directive(line, match[1] == "ignore-file", selectors, reason[1].strip() if reason else None)
        start = text.find(WORD, start + len(WORD))


def _after_marker(text: str, position: int) -> bool:
    """Whether the text before ``position``, on its line and without blanks, ends in a comment marker."""
    before = text[max(position - 40, 0) : position].rsplit("\n", 1)[-1].rstrip(" \t")
    return before.endswith(_MARKERS)
