"""Components whose code stands in ``<script>`` elements of a markup file: Vue and Svelte."""

from __future__ import annotations

import re

_OPENING = re.compile(r"<script\b([^<>]{0,500})>", re.IGNORECASE)
_TYPESCRIPT = re.compile(r"\blang\s*=\s*[\"']?tsx?\b", re.IGNORECASE)


def read_scripts(text: str) -> tuple[str, tuple[int, ...], str]:
    """Return the text of all scripts, the 1-based line of the file for each of its lines, and the language they are in."""
    lines: list[str] = []
    numbers: list[int] = []
    language = "JavaScript"
    end, line = 0, 1
    lowered = text.lower()
    while match := _OPENING.search(text, end):
        close = lowered.find("</script", match.end())
        close = len(text) if close < 0 else close
        line += text.count("\n", end, match.end())
        if _TYPESCRIPT.search(match[1]):
            language = "TypeScript"
        for offset, content in enumerate(text[match.end() : close].split("\n")):
            lines.append(content)
            numbers.append(line + offset)
        line += text.count("\n", match.end(), close)
        end = close
    return "\n".join(lines), tuple(numbers), language
