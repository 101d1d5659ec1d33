"""Components whose code stands in ``<script>`` elements of a markup file: Vue and Svelte."""

from __future__ import annotations

import re

_OPENING = re.compile(r"<script\b([^<>]{0,500})>", re.IGNORECASE)
_CLOSING = re.compile(r"</script", re.IGNORECASE | re.ASCII)
_TYPESCRIPT = re.compile(r"\blang\s*=\s*[\"']?tsx?\b", re.IGNORECASE)


def read_scripts(text: str) -> tuple[str, tuple[int, ...], str]:
    """Return the text of all scripts, the 1-based line of the file for each of its lines, and the language they are in."""
    lines: list[str] = []
    numbers: list[int] = []
    language = "JavaScript"
    end, line = 0, 1
    while match := _OPENING.search(text, end):
        closing = _CLOSING.search(text, match.end())
        close = closing.start() if closing else len(text)
        line += text.count("\n", end, match.end())
        if _TYPESCRIPT.search(match[1]):
            language = "TypeScript"
        for offset, content in enumerate(text[match.end() : close].split("\n")):
            lines.append(content)
            numbers.append(line + offset)
        line += text.count("\n", match.end(), close)
        end = close
    return "\n".join(lines), tuple(numbers), language
